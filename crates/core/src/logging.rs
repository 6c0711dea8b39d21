//! What `-v` and `NS_LOG` show: every step with its system call, on stderr; nothing by default.

use std::env;

use log::LevelFilter;

/// The variable that asks for a log without an option: a level, `info`, `debug` or `trace`.
pub const VARIABLE: &str = "NS_LOG";

/// Starts logging when `verbosity` (how often `-v` was given) or [`VARIABLE`] asks for it.
///
/// Level 1 shows the steps that change something, 2 what is looked up and waited for as well.
pub fn start(verbosity: u8) {
    let level = match verbosity {
        // Not env_logger's filters: it would complain of an odd one where nobody asked it to.
        0 => env::var(VARIABLE).ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::Off),
        1 => LevelFilter::Info,
        _ => LevelFilter::Trace,
    };
    if level == LevelFilter::Off {
        return;
    }
    let mut builder = env_logger::Builder::new();
    builder.filter_level(level).format(|out, record| {
        use std::io::Write;
        writeln!(out, "[{}] {}", std::process::id(), record.args())
    });
    // A logger that is there already serves as well.
    let _ = builder.try_init();
}
