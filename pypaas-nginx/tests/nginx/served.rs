//! Does nginx do what is meant?
