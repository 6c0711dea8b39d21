//! `rs-lsns`: list namespaces.
#![no_main]

nscore::entry!(rs_lsns::main);
