//! `rs-nsenter`: run a program in the namespaces of another process.
#![no_main]

nscore::entry!(rs_nsenter::main);
