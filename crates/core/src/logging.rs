//! What `-v` and `NS_LOG` show: every step with its system call, on stderr; nothing by default.

use std::env;

use log::LevelFilter;

/// The variable that asks for a log without an option: `info`, `debug` or `trace`, or env_logger's filters.
pub const VARIABLE: &str = "NS_LOG";

/// Starts logging when `verbosity` (how often `-v` was given) or [`VARIABLE`] asks for it.
///
/// Level 1 shows the steps that change something, 2 what is looked up and waited for as well.
pub fn start(verbosity: u8) {
    let wanted = env::var(VARIABLE).ok().filter(|filters| !filters.is_empty());
    if verbosity == 0 && wanted.is_none() {
        return;
    }
    let mut builder = env_logger::Builder::new();
    if let Some(filters) = wanted {
        builder.parse_filters(&filters);
    }
    match verbosity {
        0 => &mut builder,
        1 => builder.filter_level(LevelFilter::Info),
        _ => builder.filter_level(LevelFilter::Trace),
    };
    builder.format(|out, record| {
        use std::io::Write;
        writeln!(out, "[{}] {}", std::process::id(), record.args())
    });
    // A logger that is there already serves as well.
    let _ = builder.try_init();
}
