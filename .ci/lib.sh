# Sourced by run and long.

logs=target/ci
mkdir -p "$logs"

# Runs Maven with its output in a file; shows the test counts, or what failed and what failed tests have printed.
# What the others print is in target/*-reports of their modules.
run() {
  local name=$1
  shift
  echo "== $name: mvn $*"
  local started=$SECONDS
  if ! mvn -ntp -B "$@" > "$logs/$name.log" 2>&1; then
    grep -E 'ERROR|FAIL' "$logs/$name.log" | head -100 || true
    grep -vE '^\[INFO\]|^$' "$logs/$name.log" | tail -n 1000
    echo "== $name failed, see $logs/$name.log"
    exit 1
  fi
  grep -E '^\[(INFO|WARNING)\] Tests run:.*[0-9]$' "$logs/$name.log"
  echo "== $name: $((SECONDS - started)) s, $(wc -l < "$logs/$name.log") lines in $logs/$name.log"
}

# The tests of poolers need a real PgBouncer and are skipped without one: where this may install it, it does, and
# goes on without it when the package cannot be had, such as offline.
install_pgbouncer() {
  if command -v pgbouncer > /dev/null || [ -x /usr/sbin/pgbouncer ]; then
    return
  fi
  if [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null; then
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=0 -o Acquire::http::Timeout=20)
    if { "${apt[@]}" update && "${apt[@]}" install -y pgbouncer; } > "$logs/pgbouncer.log" 2>&1; then
      return
    fi
  fi
  echo "== no PgBouncer, so its tests are skipped: apt-get install pgbouncer"
}
