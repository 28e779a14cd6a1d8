//! Real pushes through real sshd, git, daemontools and nginx.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is all tests, and what they share is not marked as such"
)]

mod access;
mod alerting;
mod applying;
mod attacks;
mod backups;
mod building;
mod cancelling;
mod certificates;
mod checking;
mod checking_out;
mod cleaning_up;
mod confinement;
mod creating;
mod dead_ends;
mod deploying;
mod documented_example;
mod durability;
mod environment;
mod eventually;
mod first_page;
mod first_switch;
mod full_disk;
mod gate;
mod helping;
mod host;
mod hostile_keys;
mod importing;
mod interrupting;
mod jobs;
mod json;
mod keys;
mod languages;

mod left_out_branch;
mod life;
mod logs;
mod maintenance;
mod metrics;
mod one_off;
mod overlapping;
mod persisting;
mod php;
mod procfile;
mod publishing;
mod pushed_refs;
mod reasons;
mod redeploying;
mod releases;
mod routing;
mod secrets;
mod shop;
mod site;
mod slow_uploads;
mod ssh;
mod starting;
mod status;
mod stop_and_start;
mod stopping;
mod stores;
mod telling;
mod tls;
mod values;
mod why;
