//! `rs-unshare`: run a program in new namespaces.
#![no_main]

nscore::entry!(rs_unshare::main);
