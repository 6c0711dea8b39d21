//! Mounts come and go while the mount table is read.

use crate::nsenter;
use crate::support::require;
use crate::support::stepping::{MOUNTS, Races};

#[test]
fn what_is_mounted_throughout_is_found() {
    require!(root, cc, unshare);
    let mut disturbed = 0;
    for pin in ["10", "60", "120"] {
        let races = Races {
            setup: MOUNTS,
            before: format!("pinned=$(busybox stat -c %i /tmp/pins/{pin})").leak(),
            line: "nsenter --net=@$pinned true",
            hostile: "noise",
            after: "echo \"pinned: $pinned\"",
            stages: 1,
        };
        let race = races.run_at_reads(&nsenter());
        disturbed += race.held();
        let network = race.entered().and_then(|entered| entered.get("net").map(str::to_owned));
        assert_eq!((race.status, network.as_slice()), (0, race.lines("pinned")), "{race:?}");
    }
    eprintln!("mounts: 3 command lines, {disturbed} reads disturbed, 0 findings");
    assert!(disturbed > 10);
}
