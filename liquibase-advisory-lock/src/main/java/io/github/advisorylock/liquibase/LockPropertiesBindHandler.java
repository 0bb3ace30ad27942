package io.github.advisorylock.liquibase;

import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.UnboundConfigurationPropertiesException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

/**
 * Lets our properties be, where unknown ones are refused; {@link LiquibaseBeanPostProcessor} checks
 * them.
 */
final class LockPropertiesBindHandler extends AbstractBindHandler {

  private static final ConfigurationPropertyName OURS =
      ConfigurationPropertyName.of(LiquibaseBeanPostProcessor.PREFIX);

  LockPropertiesBindHandler(BindHandler parent) {
    super(parent);
  }

  @Override
  public void onFinish(
      ConfigurationPropertyName name,
      Bindable<?> target,
      BindContext context,
      @Nullable Object result)
      throws Exception {
    try {
      super.onFinish(name, target, context, result);
    } catch (UnboundConfigurationPropertiesException e) {
      Set<ConfigurationProperty> others =
          e.getUnboundProperties().stream()
              .filter(property -> !OURS.equals(property.getName()))
              .filter(property -> !OURS.isAncestorOf(property.getName()))
              .collect(Collectors.toSet());
      if (!others.isEmpty()) {
        throw new UnboundConfigurationPropertiesException(others);
      }
    }
  }
}
