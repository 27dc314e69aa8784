//! One file a noun: what can be read and changed of it within a scope. No decisions, no clock, no bare SQL string that a
//! query could say.
