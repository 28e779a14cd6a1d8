//! `plan`: what `apply` would do.

use std::process::ExitCode;

use clap::Parser;
use pypaas_core::{Phase, Plan};
use serde::Serialize;

use super::apply;
use crate::command::{self, Effect, Requirement};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::invocation::Invocation;
use crate::terminal;
use pypaas_config::Permission;

/// Print what `apply` would do, step by step, and change nothing
#[derive(Debug, Parser)]
#[command(name = "plan")]
#[command(after_help = "Examples:\n  pypaas plan                     after an edit of the configuration\n  \
    ssh deploy@host plan --json     for a program")]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Steps that belong together, as `--json` prints them: in words, for what they hold may be secret.
#[derive(Debug, Serialize)]
struct Section<'a> {
    title: &'a str,
    phase: Phase,
    steps: Vec<String>,
}

impl command::Command for Arguments {
    const LEAST: Option<Permission> = Some(Permission::Read);

    fn requirement(&self) -> Requirement {
        Requirement::EveryRepo(Permission::Read)
    }

    fn effect(&self) -> Effect {
        Effect::None
    }

    /// Prints the plan.
    fn run(self, invocation: &Invocation) -> Result<ExitCode, Failure> {
        let installation = Installation::load(invocation)?;
        installation.warn_about_problems();
        let plan = apply::plan(&installation, invocation)?;
        if self.json {
            terminal::json(&sections(&plan))?;
        } else {
            terminal::plan(&plan);
        }
        Ok(installation.exit_code())
    }
}

fn sections(plan: &Plan) -> Vec<Section<'_>> {
    let steps = |section: &pypaas_core::Section| section.steps.iter().map(ToString::to_string).collect();
    let sections = plan.sections.iter();
    sections.map(|it| Section { title: &it.title, phase: it.phase, steps: steps(it) }).collect()
}
