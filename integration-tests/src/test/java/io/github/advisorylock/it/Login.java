package io.github.advisorylock.it;

/** A user name and its password. */
record Login(String user, String password) {}
