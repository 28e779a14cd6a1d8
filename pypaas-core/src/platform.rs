//! What planning knows besides the machine: the configuration and the parts that interpret it.
