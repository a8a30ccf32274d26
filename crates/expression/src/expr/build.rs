//! From the expression as written to the tree that runs: names become slots, calls find their functions,
//! constants are folded.

use std::collections::HashMap;
use std::sync::Arc;

use dialect::path::JsonPath;

use super::functions::{self, Call, FunctionKind};
use super::lambda::Lambda;
use super::node::{Frame, Node};
use super::parser::Ast;
use super::scalar::Scalar;
use super::{arithmetic, comparison, logic};
use crate::{Environment, Error, Result};

/// Most nodes of one expression.
const MAX_NODES: usize = 100_000;

/// A column that an expression reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InputSlot {
    pub name: String,
    pub slot: usize,
    /// Read as a whole array, not value by value.
    pub whole: bool,
    /// Not the column is read but the literals at this path of it.
    pub path: Option<Arc<JsonPath>>,
}

pub(crate) struct Built {
    pub root: Node,
    pub inputs: Vec<InputSlot>,
    pub num_slots: usize,
    pub is_row_by_row: bool,
}

pub(crate) fn build(ast: &Ast, environment: &Environment) -> Result<Built> {
    let mut builder = Builder {
        environment,
        inputs: Vec::new(),
        scopes: Vec::new(),
        num_slots: 0,
        num_nodes: 0,
        is_row_by_row: false,
    };
    let root = builder.node(ast, false)?;
    let Builder { inputs, num_slots, is_row_by_row, .. } = builder;
    Ok(Built { root, inputs, num_slots, is_row_by_row })
}

struct Builder<'e> {
    environment: &'e Environment,
    inputs: Vec<InputSlot>,
    scopes: Vec<HashMap<String, usize>>,
    num_slots: usize,
    num_nodes: usize,
    is_row_by_row: bool,
}

impl Builder<'_> {
    /// `whole`: where an array is wanted, so that a multi-value column is read as one.
    fn node(&mut self, ast: &Ast, whole: bool) -> Result<Node> {
        self.num_nodes += 1;
        if self.num_nodes > MAX_NODES {
            return Err(Error::limit(format!("an expression may have {MAX_NODES} parts")));
        }
        match ast {
            Ast::Literal(value) => Ok(Node::Literal(value.clone())),
            Ast::Identifier(name) => Ok(Node::Slot(self.slot(name, whole, None))),
            Ast::Unary(op, operand) => {
                let args = vec![self.node(operand, false)?];
                let function = if *op == "-" { arithmetic::negate() } else { logic::not() };
                Ok(fold(Node::Call { function, args }))
            }
            Ast::Binary(op, left, right) => {
                let args = vec![self.node(left, false)?, self.node(right, false)?];
                let function = comparison::operator(op).or_else(|| arithmetic::operator(op));
                let function = function.ok_or_else(|| unknown("operator", op))?;
                Ok(fold(Node::Call { function, args }))
            }
            Ast::Logic(op, parts) => {
                let args = parts.iter().map(|part| self.node(part, false)).collect::<Result<_>>()?;
                Ok(fold(Node::Call { function: logic::chain(op), args }))
            }
            Ast::Call(name, args) => self.call(name, args),
            Ast::Lambda(..) => {
                Err(Error::invalid("a lambda may stand only as the first argument of a lambda function"))
            }
        }
    }

    fn call(&mut self, name: &str, args: &[Ast]) -> Result<Node> {
        let lower = name.to_ascii_lowercase();
        let kind = functions::find(&lower).ok_or_else(|| unknown("function", name))?;
        kind.check_arity(args.len())?;
        self.is_row_by_row |= !functions::runs_over_vectors(kind.name);
        let (lambda, rest) = self.lambda(kind, args)?;
        let wants_array = |at: usize| kind.arrays.contains(at + args.len() - rest.len());
        let literals = self.literals(kind, rest);
        let nodes = rest.iter().enumerate().map(|(at, arg)| match &literals {
            Some((name, path)) if at == 0 => Ok(Node::Slot(self.slot(name, true, Some(path.clone())))),
            _ => self.node(arg, wants_array(at)),
        });
        let nodes = nodes.collect::<Result<Vec<_>>>()?;
        let takes_literals = literals.is_some();
        let call = Call { name: kind.name, args: &nodes, lambda, takes_literals, environment: self.environment };
        let function = (kind.build)(call)?;
        Ok(fold(Node::Call { function, args: nodes }))
    }

    /// The column and the path, when a function asks for the literals at a constant path of a column.
    fn literals(&self, kind: &FunctionKind, args: &[Ast]) -> Option<(String, Arc<JsonPath>)> {
        match args {
            [Ast::Identifier(name), Ast::Literal(Scalar::Text(path)), ..] if kind.reads_literals => {
                let is_column = !self.scopes.iter().any(|scope| scope.contains_key(name));
                let path = JsonPath::parse(path).ok().filter(|_| is_column)?;
                Some((name.clone(), Arc::new(path)))
            }
            _ => None,
        }
    }

    /// The lambda of a function that takes one, and the arguments after it.
    fn lambda<'a>(&mut self, kind: &FunctionKind, args: &'a [Ast]) -> Result<(Option<Lambda>, &'a [Ast])> {
        if !kind.takes_lambda {
            return Ok((None, args));
        }
        let Some((Ast::Lambda(names, body), rest)) = args.split_first() else {
            return Err(Error::invalid(format!("{}: the first argument must be a lambda", kind.name)));
        };
        let mut scope = HashMap::new();
        let parameters: Vec<usize> = names.iter().map(|_| self.new_slot()).collect();
        for (name, slot) in names.iter().zip(&parameters) {
            if scope.insert(name.clone(), *slot).is_some() {
                return Err(Error::invalid(format!("{}: parameter '{name}' occurs twice", kind.name)));
            }
        }
        self.scopes.push(scope);
        let body = self.node(body, false);
        self.scopes.pop();
        Ok((Some(Lambda { parameters, body: body? }), rest))
    }

    fn new_slot(&mut self) -> usize {
        self.num_slots += 1;
        self.num_slots - 1
    }

    fn slot(&mut self, name: &str, whole: bool, path: Option<Arc<JsonPath>>) -> usize {
        if let Some(slot) = self.scopes.iter().rev().find_map(|scope| scope.get(name)) {
            return *slot;
        }
        if let Some(input) =
            self.inputs.iter().find(|input| input.name == name && input.whole == whole && input.path == path)
        {
            return input.slot;
        }
        let slot = self.new_slot();
        self.inputs.push(InputSlot { name: name.to_string(), slot, whole, path });
        slot
    }
}

fn unknown(what: &'static str, name: &str) -> Error {
    Error::Unknown { what, name: name.to_string() }
}

/// A call of constants becomes its result. What fails is left to fail when it runs, if it ever does.
fn fold(node: Node) -> Node {
    let Node::Call { function, args } = &node else { return node };
    let mut slots = std::collections::BTreeSet::new();
    node.slots(&mut slots);
    if !slots.is_empty() || !function.is_deterministic() || args.iter().any(|arg| arg.literal().is_none()) {
        return node;
    }
    match node.eval(&Frame { num_rows: 1, slots: &[] }) {
        Ok(result) if result.len() == 1 => Node::Literal(result.get(0).into_owned()),
        _ => node,
    }
}
