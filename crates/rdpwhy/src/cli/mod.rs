//! The command line: one verb for each thing that a person wants.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::render::{Amount, Style};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

mod account;
mod causes;
mod demo;
mod explain;
mod lab;
mod probe;
mod replay;
mod report;
mod sign_in;
mod simulate;

/// Exit status: wrong usage, unreadable input, internal failure.
const WRONG: u8 = 2;

/// Why will my Remote Desktop not connect?
#[derive(Parser)]
#[command(name = "rdpwhy", version, about, max_term_width = 100, after_help = AFTER)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    output: Output,
}

const AFTER: &str = "rdpwhy HOST is short for rdpwhy probe HOST.\n\
    Exit status: 0 would connect, 1 would not or not always, 2 wrong usage or input, 3 undetermined.";

#[derive(Subcommand)]
enum Command {
    /// Diagnose a live host from here, without credentials unless asked
    Probe(probe::Probe),
    /// Say what a code, an event or a message means
    Explain(explain::Explain),
    /// The catalogue of causes: evidence, fix, check
    Causes(causes::Causes),
    /// Say whether a client and a server would agree on TLS, without a network
    Simulate(simulate::Simulate),
    /// Show a saved report again
    Report(report::Show),
    /// Diagnose a recording that `probe --record` made, without a network
    Replay(replay::Replay),
    /// Diagnose a fault of the built-in lab on loopback, and check the verdict
    Demo(demo::Demo),
    /// Keep a faulty RDP server of the built-in lab listening on loopback
    Lab(lab::Lab),
    /// Print the JSON Schema of the report
    Schema,
}

/// How to answer.
#[derive(Args, Clone)]
pub(crate) struct Output {
    /// How to answer
    #[arg(long, value_enum, global = true, default_value_t = Format::Text)]
    format: Format,
    /// Short for --format json
    #[arg(long, global = true)]
    json: bool,
    /// Write the answer to a file
    #[arg(
        short = 'o',
        long = "output",
        id = "output-file",
        global = true,
        value_name = "FILE"
    )]
    to: Option<PathBuf>,
    /// When to use colour
    #[arg(long, value_enum, global = true, default_value_t = Color::Auto)]
    color: Color,
    /// Say more: what is ruled out, all evidence, every connection
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Say less: the verdict alone
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: complete and stable
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl Output {
    fn is_json(&self) -> bool {
        self.json || self.format == Format::Json
    }

    /// How text is to look.
    fn style(&self) -> Style {
        let to_file = self.to.is_some();
        let terminal = std::io::stdout().is_terminal() && !to_file;
        let colour = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                terminal
                    && matches!(
                        anstream::AutoStream::choice(&std::io::stdout()),
                        anstream::ColorChoice::Always | anstream::ColorChoice::AlwaysAnsi
                    )
            }
        };
        let amount = match (self.quiet, self.verbose) {
            (true, _) => Amount::Brief,
            (_, true) => Amount::All,
            _ => Amount::Usual,
        };
        Style {
            colour,
            signs: terminal,
            amount,
        }
    }

    /// Writes the answer where it belongs.
    fn write(&self, text: &str) -> anyhow::Result<()> {
        use anyhow::Context as _;
        let Some(file) = &self.to else {
            let mut out = anstream::stdout().lock();
            // `--color always` is always, also through a pipe
            let written = if self.color == Color::Always {
                std::io::stdout().lock().write_all(text.as_bytes())
            } else {
                out.write_all(text.as_bytes())
            };
            return match written {
                Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(e.into()),
                _ => Ok(()), // whoever reads has had enough
            };
        };
        std::fs::write(file, text).with_context(|| format!("{}: cannot be written", file.display()))
    }
}

/// Runs the program. Errors are one line on stderr and status 2.
pub fn main(mut arguments: Vec<OsString>) -> ExitCode {
    if let Some(word) = coming(&arguments) {
        let _ = writeln!(
            anstream::stderr(),
            "rdpwhy: {word} is not there yet; see rdpwhy --help"
        );
        return ExitCode::from(WRONG);
    }
    insert_probe(&mut arguments);
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(e)
            if e.use_stderr()
                && e.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand =>
        {
            let _ = writeln!(anstream::stderr(), "rdpwhy: {}", usage(&e));
            return ExitCode::from(WRONG);
        }
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { WRONG } else { 0 });
        }
    };
    let output = cli.output;
    let done = match cli.command {
        Command::Probe(c) => c.run(&output),
        Command::Explain(c) => c.run(&output),
        Command::Causes(c) => c.run(&output),
        Command::Simulate(c) => c.run(&output),
        Command::Report(c) => c.run(&output),
        Command::Replay(c) => c.run(&output),
        Command::Demo(c) => c.run(&output),
        Command::Lab(c) => c.run(&output),
        Command::Schema => schema(&output),
    };
    match done {
        Ok(status) => ExitCode::from(status),
        Err(e) => {
            // One line, whatever the causes hold
            let line = rdpwhy_model::text::shown(&format!("{e:#}"), 1000);
            let _ = writeln!(anstream::stderr(), "rdpwhy: {line}");
            ExitCode::from(WRONG)
        }
    }
}

/// What is wrong with the words on the command line, in one line: what was typed may hold anything,
/// and a program that calls this one reads a line.
fn usage(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let said = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .take_while(|l| !l.starts_with("Usage:") && !l.starts_with("For more information"));
    let mut out = String::new();
    for line in said {
        let between = match (out.as_str(), line.starts_with("tip:")) {
            ("", _) => "",
            (_, true) => "; ",
            (_, false) => " ",
        };
        out.push_str(between);
        out.push_str(line);
    }
    rdpwhy_model::text::shown(&out, 1000) + "; see rdpwhy --help"
}

/// Commands and options of later versions: they are not taken for the name of a host.
fn coming(arguments: &[OsString]) -> Option<&str> {
    const COMMANDS: [&str; 5] = ["read", "inspect", "fix", "sweep", "watch"];
    const OPTIONS: [&str; 2] = ["--logon", "--idle"];
    let mut words = arguments.iter().skip(1).filter_map(|a| a.to_str());
    let first = words.clone().find(|w| !w.starts_with('-'));
    first.filter(|w| COMMANDS.contains(w)).or_else(|| {
        words
            .find(|w| OPTIONS.contains(w))
            .filter(|_| first != Some("explain"))
    })
}

/// `rdpwhy HOST` is `rdpwhy probe HOST`: when the first word that is no option names no command.
fn insert_probe(arguments: &mut Vec<OsString>) {
    let is_command = |word: &str| {
        word == "help"
            || Cli::command()
                .get_subcommands()
                .any(|c| c.get_name() == word)
    };
    let mut words = arguments.iter().skip(1).filter_map(|a| a.to_str());
    let asks = |w: &str| matches!(w, "-h" | "--help" | "-V" | "--version");
    let Some(first) = words.clone().find(|w| !w.starts_with('-')) else {
        // Options of probe alone lead to its own complaint about the missing host
        if !words.clone().any(asks) && words.next().is_some() {
            arguments.insert(1, "probe".into());
        }
        return;
    };
    if !is_command(first) {
        arguments.insert(1, "probe".into());
    }
}

fn schema(output: &Output) -> anyhow::Result<u8> {
    output.write(&schema_text()?)?;
    Ok(0)
}

/// The JSON Schema of the report.
///
/// # Errors
/// Never for the types that there are.
pub fn schema_text() -> anyhow::Result<String> {
    let schema = schemars::schema_for!(rdpwhy_model::report::Report);
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}

/// The status of a verdict.
fn status(outcome: rdpwhy_model::report::Outcome) -> u8 {
    use rdpwhy_model::report::Outcome;
    match outcome {
        Outcome::Connectable => 0,
        Outcome::Blocked | Outcome::Degraded => 1,
        Outcome::Undetermined => 3,
    }
}

/// Runs a future to its end, and leaves at once what the system's resolver still does.
fn block_on<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let out = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(out)
}

/// Shows a report as the options want it.
fn show(report: &rdpwhy_model::report::Report, output: &Output) -> anyhow::Result<()> {
    let text = if output.is_json() {
        serde_json::to_string_pretty(report)? + "\n"
    } else {
        crate::render::text::report(report, output.style())
    };
    output.write(&text)
}
