//! The namespaces as a graph: what owns what, and which pid namespace was made in which. In the language of dot(1).

use std::collections::HashSet;

use crate::inventory::{Inventory, Kin, Namespace};
use crate::rows::{Row, Rows};
use crate::table::{self, Charset};
use crate::tree::Relation;

/// How much of a command stands in a graph, in columns.
const COMMAND: usize = 40;

/// The text of the graph.
pub fn graph(inventory: &Inventory, rows: &Rows, charset: Charset) -> Vec<u8> {
    let mut text = b"digraph namespaces {\n  node [shape=box];\n".to_vec();
    let shown: HashSet<u64> = rows.rows.iter().map(|row| inventory.namespaces[row.namespace].inode).collect();
    for row in &rows.rows {
        let namespace = &inventory.namespaces[row.namespace];
        text.extend(format!("  \"{}\" [label=\"", namespace.inode).bytes());
        label(&mut text, inventory, rows, row, charset);
        text.extend_from_slice(b"\"];\n");
        for (relation, above) in lines_to(namespace) {
            let Some(above) = above.filter(|above| shown.contains(above)) else { continue };
            let style = if relation == Relation::Parent { " [style=dashed]" } else { "" };
            text.extend(format!("  \"{above}\" -> \"{}\"{style};\n", namespace.inode).bytes());
        }
    }
    text.extend_from_slice(b"}\n");
    text
}

/// What is above a namespace. The parent of a user namespace is its owner.
fn lines_to(namespace: &Namespace) -> [(Relation, Option<u64>); 2] {
    let Kin { owner, parent, .. } = namespace.kin.unwrap_or_default();
    [(Relation::Owner, owner), (Relation::Parent, parent.filter(|parent| Some(*parent) != owner))]
}

/// Kind and number; how many processes; the process that stands for it.
fn label(text: &mut Vec<u8>, inventory: &Inventory, rows: &Rows, row: &Row, charset: Charset) {
    let Namespace { kind, inode, processes, .. } = &inventory.namespaces[row.namespace];
    let several = if *processes == 1 { "" } else { "es" };
    text.extend(format!("{} {inode}\\n{processes} process{several}", kind.link()).bytes());
    if let (Some(pid), Some(uid)) = (row.process, row.uid(inventory)) {
        let command = row.details.command.as_deref().unwrap_or_default();
        text.extend(format!("\\n{pid} ").bytes());
        append(text, rows.user(uid).as_encoded_bytes(), charset);
        text.push(b' ');
        append(text, command, charset);
    }
}

/// Appends what of a text can be shown, so that it is nothing but text in a label.
fn append(label: &mut Vec<u8>, text: &[u8], charset: Charset) {
    for byte in table::shown(text, charset, COMMAND) {
        match byte {
            b'"' | b'\\' => label.extend_from_slice(&[b'\\', byte]),
            // Entities of HTML are understood in labels.
            b'&' => label.extend_from_slice(b"&amp;"),
            _ => label.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_label() {
        let mut label = Vec::new();
        append(&mut label, b"sh -c \"x\" \\N &lt; \n\x1b", Charset::Other);
        assert_eq!(label, br#"sh -c \"x\" \\N &amp;lt; \\x0a\\x1b"#);
    }
}
