//! Many rows at once: the fastest durable route of each engine.
