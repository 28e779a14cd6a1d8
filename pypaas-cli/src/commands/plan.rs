//! `plan`: what `apply` would do.

use std::process::ExitCode;

use clap::Args;
use pypaas_core::{Phase, Plan};
use serde::Serialize;

use super::{Context, apply};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::terminal;

/// Print what `apply` would do, step by step, and change nothing
#[derive(Debug, Args)]
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

/// Prints the plan.
pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<ExitCode, Failure> {
    let installation = Installation::load()?;
    installation.warn_about_problems();
    let plan = apply::plan(&installation, context)?;
    if arguments.json {
        terminal::out(&format!("{}\n", serde_json::to_string_pretty(&sections(&plan))?));
    } else {
        terminal::plan(&plan);
    }
    Ok(ExitCode::SUCCESS)
}

fn sections(plan: &Plan) -> Vec<Section<'_>> {
    let steps = |section: &pypaas_core::Section| section.steps.iter().map(ToString::to_string).collect();
    let sections = plan.sections.iter();
    sections.map(|it| Section { title: &it.title, phase: it.phase, steps: steps(it) }).collect()
}
