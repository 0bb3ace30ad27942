---------------------------- MODULE MigrationLock ----------------------------
(***************************************************************************)
(* Two keys that keep two migrations from ever running at once: the gate,  *)
(* exclusive, on the lock session, for the whole run; and the work lock,   *)
(* shared, on the working session, for one migration at a time.            *)
(*                                                                         *)
(* One step is what one session does at one instant on the server. Between *)
(* any two steps of a runner everybody else may do anything, so a client   *)
(* that is frozen, and goes on later with what it believed then, needs no  *)
(* step of its own: it is one whose turn does not come for a while. What   *)
(* the server does about it, ending an idle session, is EndLockSession.    *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets, TLC

CONSTANTS
  Runners,
  OneSession,        \* those with the gate on the working session, as in Liquibase; the others are as in Flyway
  Migrations,        \* 1 .. n, run in this order
  NonTransactional,  \* those of them whose statements commit one by one
  Statements,        \* in each migration
  Variant,           \* how this protocol or its world differs from the one described: a set of names, see Variants
  NoOne

Variants ==
  { "no work lock",
    "no verify",
    "verify before the work lock",        \* instead of after
    "no verify before commit",            \* and none between non-transactional statements either
    "look before the gate",               \* instead of after
    "pooled",                             \* a pooler: there are transaction-scoped locks only
    "scripts unlock",                     \* scripts call pg_advisory_unlock_all() or DISCARD ALL
    "unlock before the history row",      \* non-transactional: Flyway's last event of a migration comes before the row
    "history in another session",         \* Flyway with two connections: the row is committed after the migration
    "nobody tells the server",            \* that a client is gone: no end of its connection, no keepalive, no lease
    "work lock with one session" }        \* OneSession takes it as well

ASSUME
  /\ OneSession \subseteq Runners
  /\ NonTransactional \subseteq Migrations
  /\ Variant \subseteq Variants
  /\ "pooled" \in Variant => OneSession = {}   \* refused by the library

VARIABLES
  \* What the server knows.
  gate,          \* the runner whose session holds it
  lockSession,   \* is it there? With OneSession it is never used
  workSession,   \* is it there?
  workLock,      \* the level at which the working session holds it
  executing,     \* what the working session executes at the moment
  committed,     \* how often each migration was committed, the row in the history included
  \* What the client knows.
  pc,
  todo,          \* what the history did not have when it was read
  left,          \* statements still to be sent
  \* What only we know.
  working

vars == <<gate, lockSession, workSession, workLock, executing, committed, pc, todo, left, working>>

Over == {"done", "failed", "crashed"}

TypeOK ==
  /\ gate \in Runners \cup {NoOne}
  /\ lockSession \in [Runners -> BOOLEAN]
  /\ workSession \in [Runners -> BOOLEAN]
  /\ workLock \in [Runners -> {"none", "transaction", "session"}]
  /\ executing \in [Runners -> {"nothing", "statement", "commit"}]
  /\ committed \in [Migrations -> 0 .. Cardinality(Runners)]
  /\ pc \in [Runners -> {"try", "look", "read", "verify early", "lock", "verify", "send", "sent", "verify again",
                         "unlock early", "commit", "committing", "write row", "unlock", "rollback", "finish", "fail"} \cup Over]
  /\ todo \in [Runners -> SUBSET Migrations]
  /\ left \in [Runners -> 0 .. Statements]
  /\ working \in [Runners -> BOOLEAN]

Init ==
  /\ gate = NoOne
  /\ lockSession = [r \in Runners |-> r \notin OneSession]
  /\ workSession = [r \in Runners |-> TRUE]
  /\ workLock = [r \in Runners |-> "none"]
  /\ executing = [r \in Runners |-> "nothing"]
  /\ committed = [m \in Migrations |-> 0]
  /\ pc = [r \in Runners |-> IF "look before the gate" \in Variant THEN "look" ELSE "try"]
  /\ todo = [r \in Runners |-> {}]
  /\ left = [r \in Runners |-> 0]
  /\ working = [r \in Runners |-> FALSE]

Goto(r, step) == pc' = [pc EXCEPT ![r] = step]

First(migrations) == CHOOSE m \in migrations : \A other \in migrations : m <= other

Current(r) == First(todo[r])

GateSession(r) == IF r \in OneSession THEN workSession[r] ELSE lockSession[r]

FreeGate(r) == gate' = IF gate = r THEN NoOne ELSE gate

-----------------------------------------------------------------------------
\* The way in.

TryGate(r) ==
  /\ pc[r] = "try"
  /\ IF GateSession(r)
       THEN /\ gate = NoOne
            /\ gate' = r
            /\ Goto(r, IF "look before the gate" \in Variant THEN "read" ELSE "look")
       ELSE /\ Goto(r, "fail")
            /\ UNCHANGED gate
  /\ UNCHANGED <<lockSession, workSession, workLock, executing, committed, todo, left, working>>

\* One look sees all work locks of one instant: pg_locks is read with all partitions of the lock table locked.
\* It is allowed even without the lock session, since nothing depends on which session looks.
Look(r) ==
  /\ pc[r] = "look"
  /\ \A other \in Runners \ {r} : workLock[other] = "none"
  /\ Goto(r, IF "look before the gate" \in Variant THEN "try" ELSE "read")
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, executing, committed, todo, left, working>>

Begin(r, migrations) ==
  /\ todo' = [todo EXCEPT ![r] = migrations]
  /\ Goto(r, IF migrations = {} THEN "finish"
             ELSE IF "verify before the work lock" \in Variant THEN "verify early"
             ELSE "lock")

ReadHistory(r) ==
  /\ pc[r] = "read"
  /\ workSession[r]
  /\ Begin(r, {m \in Migrations : committed[m] = 0})
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, executing, committed, left, working>>

-----------------------------------------------------------------------------
\* One migration.

WorkLockLevel(r) ==
  IF "no work lock" \in Variant \/ (r \in OneSession /\ "work lock with one session" \notin Variant) THEN "none"
  ELSE IF Current(r) \notin NonTransactional THEN "transaction"
  ELSE IF "pooled" \in Variant THEN "none"
  ELSE "session"

TakeWorkLock(r) ==
  /\ pc[r] = "lock"
  /\ workSession[r]
  /\ workLock' = [workLock EXCEPT ![r] = WorkLockLevel(r)]
  /\ Goto(r, "verify")
  /\ UNCHANGED <<gate, lockSession, workSession, executing, committed, todo, left, working>>

VerifyEarly(r) ==
  /\ pc[r] = "verify early"
  /\ workSession[r]
  /\ Goto(r, IF gate = r THEN "lock" ELSE "rollback")
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, executing, committed, todo, left, working>>

\* A session works from here, not from its first statement: nothing holds the client back any longer from sending that,
\* and a statement under way to the server looks to everybody else like one that has not been sent.
\* It works until the server is through with it: the commit, the rollback, the end of the session, which rolls back; for
\* non-transactional statements the row in the history, which says that all of them are done. That the client is gone
\* changes nothing, as the server goes on with what it was given.
Verify(r) ==
  /\ pc[r] = "verify"
  /\ workSession[r]
  /\ IF gate = r \/ {"no verify", "verify before the work lock"} \cap Variant # {}
       THEN /\ working' = [working EXCEPT ![r] = TRUE]
            /\ left' = [left EXCEPT ![r] = Statements]
            /\ Goto(r, "send")
       ELSE /\ Goto(r, "rollback")
            /\ UNCHANGED <<working, left>>
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, executing, committed, todo>>

SendStatement(r) ==
  /\ pc[r] = "send"
  /\ workSession[r]
  /\ executing' = [executing EXCEPT ![r] = "statement"]
  /\ Goto(r, "sent")
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, committed, todo, left, working>>

StatementEnds(r) ==
  /\ executing[r] = "statement"
  /\ executing' = [executing EXCEPT ![r] = "nothing"]
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, committed, pc, todo, left, working>>

ReceiveResult(r) ==
  /\ pc[r] = "sent"
  /\ workSession[r]
  /\ executing[r] = "nothing"
  /\ left' = [left EXCEPT ![r] = left[r] - 1]
  /\ Goto(r, IF left[r] = 1 \/ Current(r) \in NonTransactional THEN "verify again" ELSE "send")
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, executing, committed, todo, working>>

VerifyAgain(r) ==
  /\ pc[r] = "verify again"
  /\ workSession[r]
  /\ Goto(r, IF gate # r /\ {"no verify", "no verify before commit"} \cap Variant = {} THEN "rollback"
             ELSE IF left[r] > 0 THEN "send"
             ELSE IF Current(r) \in NonTransactional /\ "unlock before the history row" \in Variant THEN "unlock early"
             ELSE "commit")
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, executing, committed, todo, left, working>>

UnlockEarly(r) ==
  /\ pc[r] = "unlock early"
  /\ workSession[r]
  /\ workLock' = [workLock EXCEPT ![r] = "none"]
  /\ Goto(r, "commit")
  /\ UNCHANGED <<gate, lockSession, workSession, executing, committed, todo, left, working>>

\* For a non-transactional migration: the row in the history.
SendCommit(r) ==
  /\ pc[r] = "commit"
  /\ workSession[r]
  /\ executing' = [executing EXCEPT ![r] = "commit"]
  /\ Goto(r, "committing")
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, committed, todo, left, working>>

RowIsApart(r) == "history in another session" \in Variant /\ Current(r) \notin NonTransactional

\* One step, though the server does it in two: others see the commit first, and only then the lock is free.
CommitEnds(r) ==
  /\ executing[r] = "commit"
  /\ executing' = [executing EXCEPT ![r] = "nothing"]
  /\ committed' = IF RowIsApart(r) THEN committed ELSE [committed EXCEPT ![Current(r)] = @ + 1]
  /\ workLock' = [workLock EXCEPT ![r] = IF @ = "transaction" THEN "none" ELSE @]
  /\ working' = [working EXCEPT ![r] = FALSE]
  /\ UNCHANGED <<gate, lockSession, workSession, pc, todo, left>>

ReceiveCommitted(r) ==
  /\ pc[r] = "committing"
  /\ workSession[r]
  /\ executing[r] = "nothing"
  /\ IF Current(r) \in NonTransactional
       THEN /\ Goto(r, "unlock")
            /\ UNCHANGED todo
       ELSE IF RowIsApart(r)
         THEN /\ Goto(r, "write row")
              /\ UNCHANGED todo
         ELSE Begin(r, todo[r] \ {Current(r)})
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, executing, committed, left, working>>

\* The other session is neither lost nor locked here: what is shown does not need it.
WriteRow(r) ==
  /\ pc[r] = "write row"
  /\ committed' = [committed EXCEPT ![Current(r)] = @ + 1]
  /\ Begin(r, todo[r] \ {Current(r)})
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, executing, left, working>>

UnlockWork(r) ==
  /\ pc[r] = "unlock"
  /\ workSession[r]
  /\ workLock' = [workLock EXCEPT ![r] = "none"]
  /\ Begin(r, todo[r] \ {Current(r)})
  /\ UNCHANGED <<gate, lockSession, workSession, executing, committed, left, working>>

-----------------------------------------------------------------------------
\* The way out.

\* And unlock, where the lock is the session's.
Rollback(r) ==
  /\ pc[r] = "rollback"
  /\ workSession[r]
  /\ workLock' = [workLock EXCEPT ![r] = "none"]
  /\ working' = [working EXCEPT ![r] = FALSE]
  /\ Goto(r, "fail")
  /\ UNCHANGED <<gate, lockSession, workSession, executing, committed, todo, left>>

\* Only a session that is used tells that it is gone.
NoticeLostSession(r) ==
  /\ pc[r] \notin Over \cup {"try", "look", "finish", "fail"}
  /\ ~workSession[r]
  /\ Goto(r, "fail")
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, executing, committed, todo, left, working>>

ReleaseGateAndEnd(r) ==
  /\ pc[r] \in {"finish", "fail"}
  /\ FreeGate(r)
  /\ lockSession' = [lockSession EXCEPT ![r] = FALSE]
  /\ workSession' = [workSession EXCEPT ![r] = FALSE]
  /\ Goto(r, IF pc[r] = "finish" THEN "done" ELSE "failed")
  /\ UNCHANGED <<workLock, executing, committed, todo, left, working>>

\* A wait that times out, a statement that fails.
GiveUp(r) ==
  /\ \/ pc[r] \in {"try", "look"} /\ Goto(r, "fail")
     \/ pc[r] = "sent" /\ executing[r] = "nothing" /\ workSession[r] /\ Goto(r, "rollback")
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, executing, committed, todo, left, working>>

-----------------------------------------------------------------------------
\* What happens to them.

Crash(r) ==
  /\ pc[r] \notin Over
  /\ Goto(r, "crashed")
  /\ UNCHANGED <<gate, lockSession, workSession, workLock, executing, committed, todo, left, working>>

\* Terminated, the lease of a frozen client is over, or the server has noticed that the client is gone.
EndLockSession(r) ==
  /\ lockSession[r]
  /\ lockSession' = [lockSession EXCEPT ![r] = FALSE]
  /\ FreeGate(r)
  /\ UNCHANGED <<workSession, workLock, executing, committed, pc, todo, left, working>>

\* The same, and by a runner in Look that ends an idle session which holds the work lock. In mid-statement, too.
EndWorkSession(r) ==
  /\ workSession[r]
  /\ workSession' = [workSession EXCEPT ![r] = FALSE]
  /\ workLock' = [workLock EXCEPT ![r] = "none"]
  /\ executing' = [executing EXCEPT ![r] = "nothing"]
  /\ working' = [working EXCEPT ![r] = FALSE]
  /\ IF r \in OneSession THEN FreeGate(r) ELSE UNCHANGED gate
  /\ UNCHANGED <<lockSession, committed, pc, todo, left>>

\* Frees the session-level locks of the session that executes it, and leaves the transaction-scoped ones. It may be in the
\* middle of a statement, such as a DO block that goes on.
ScriptUnlocksAll(r) ==
  /\ "scripts unlock" \in Variant
  /\ executing[r] = "statement"
  /\ workLock' = [workLock EXCEPT ![r] = IF @ = "session" THEN "none" ELSE @]
  /\ IF r \in OneSession THEN FreeGate(r) ELSE UNCHANGED gate
  /\ UNCHANGED <<lockSession, workSession, executing, committed, pc, todo, left, working>>

-----------------------------------------------------------------------------
\* What happens sooner or later if nothing else does. Whoever crashed loses his sessions, in any order, but not before the
\* statement has ended.
Progress ==
  \E r \in Runners :
    \/ TryGate(r) \/ Look(r) \/ ReadHistory(r)
    \/ TakeWorkLock(r) \/ VerifyEarly(r) \/ Verify(r)
    \/ SendStatement(r) \/ StatementEnds(r) \/ ReceiveResult(r)
    \/ VerifyAgain(r) \/ UnlockEarly(r) \/ SendCommit(r) \/ CommitEnds(r) \/ ReceiveCommitted(r)
    \/ WriteRow(r) \/ UnlockWork(r)
    \/ Rollback(r) \/ NoticeLostSession(r) \/ ReleaseGateAndEnd(r)
    \/ /\ pc[r] = "crashed"
       /\ "nobody tells the server" \notin Variant
       /\ EndLockSession(r) \/ (executing[r] = "nothing" /\ EndWorkSession(r))

Misfortune ==
  \E r \in Runners : GiveUp(r) \/ Crash(r) \/ EndLockSession(r) \/ EndWorkSession(r) \/ ScriptUnlocksAll(r)

Next == Progress \/ Misfortune

Spec == Init /\ [][Next]_vars /\ WF_vars(Progress)

-----------------------------------------------------------------------------
NeverTwoAtOnce == \A r, other \in Runners : working[r] /\ working[other] => r = other

CommittedAtMostOnce == \A m \in Migrations : committed[m] <= 1

AllIsOver ==
  /\ \A r \in Runners : pc[r] \in Over /\ workLock[r] = "none"
  /\ gate = NoOne

\* Stronger than that an end can be reached from every state: no behaviour in which what can happen does happen misses it.
NeverStuck == <>AllIsOver

\* The same for more runners than liveness can be checked for: no step of Progress leads back to where one has been.
NotStuckHere == ENABLED Progress \/ AllIsOver

\* To be violated: a model in which nothing can be done satisfies everything else.
NobodySucceeds == \E r \in Runners : pc[r] # "done"

Symmetry == Permutations(Runners)
=============================================================================
