package io.github.advisorylock.demo;

import java.util.Locale;

/** What the pictures have in common. */
final class Svg {

  private Svg() {}

  /**
   * A picture on a ground of its own, so that it can be read wherever it is embedded: light, or
   * dark if that is what the reader prefers.
   *
   * @param style in addition to that of text
   * @param content elements
   */
  static String picture(double width, double height, String title, String style, String content) {
    return String.format(
        Locale.ROOT,
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %1$.0f %2$.0f" width="%1$.0f" height="%2$.0f" role="img">
        <title>%3$s</title>
        <style>
          text { font: 12px system-ui, sans-serif; fill: #57606a }
          .ground { fill: #ffffff }
          .title { font-size: 15px; font-weight: 600 }
          .small { font-size: 10px }
          .end { text-anchor: end }
          @media (prefers-color-scheme: dark) {
            text { fill: #adbac7 }
            .ground { fill: #1c2128 }
          }
        %4$s</style>
        <rect class="ground" width="100%%" height="100%%" rx="6"/>
        %5$s</svg>
        """,
        width,
        height,
        Page.escape(title),
        style,
        content);
  }
}
