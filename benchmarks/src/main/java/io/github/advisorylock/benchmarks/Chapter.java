package io.github.advisorylock.benchmarks;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the report says about one benchmark.
 *
 * @param title the question
 * @param note what one has to know to judge the answer
 * @param tables the answer
 * @param chart the same to look at; null if it is no sight
 */
record Chapter(String title, String note, List<Table> tables, @Nullable Chart chart) {}
