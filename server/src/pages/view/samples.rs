//! Placeholder until samples are written.
