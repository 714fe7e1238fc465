//! The module level of a text: what is declared, and where each function's header and body lie. Bodies are not read
//! here: [`super::lower`] reads one when its function is first used.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::ast::{Formal, Header, Linkage, Variable, VariableSpace};
use super::lexer::{Place, START, Token};
use super::lower::names::Binding;
use super::parse::Parser;
use crate::module::{Error, Errors, Global, Parameter, Space};

/// Most bytes of a kernel's parameters.
const MOST_PARAMETERS: u64 = 32764;

/// A function of a module.
#[derive(Debug)]
pub struct Function {
    /// The symbol.
    pub name: Box<str>,
    /// `.entry`, not `.func`.
    pub kernel: bool,
    /// Behind `.entry` or `.func` of what counts: the definition, else a declaration.
    pub header: Place,
    /// At the `{`; `None` for a declaration.
    pub body: Option<Place>,
    /// A definition of the same name elsewhere may stand in its place.
    pub weak: bool,
    /// A kernel's parameters.
    pub parameters: Vec<Parameter>,
    /// Their names.
    pub parameter_names: Vec<Box<str>>,
    /// `.maxntid` or `.reqntid` product; 0 when absent.
    pub max_threads: u32,
    /// `.reqntid`
    pub required_block: Option<[u32; 3]>,
}

/// A variable in shared memory.
#[derive(Debug)]
pub struct Shared {
    /// The symbol.
    pub name: Box<str>,
    /// Size in bytes.
    pub bytes: u64,
    /// Alignment in bytes.
    pub align: u32,
}

/// What a text declares. Its names are looked up by all functions.
#[derive(Debug, Default)]
pub struct Declared {
    /// `.version`, major and minor.
    pub version: (u32, u32),
    /// The first one of `.target`.
    pub target: Box<str>,
    /// One per name, in the order of the first mention.
    pub functions: Vec<Function>,
    /// Variables in global and constant memory, those of functions included.
    pub globals: Vec<Global>,
    /// Variables in shared memory whose size is known.
    pub shared: Vec<Shared>,
    /// What dynamic shared memory is aligned to.
    pub dynamic_align: u32,
    /// Module-level names.
    pub symbols: HashMap<Box<str>, Binding, RandomState>,
    /// From one element of an array of the module to the next, in bytes; 0 where there are several dimensions.
    pub strides: HashMap<Box<str>, u64, RandomState>,
    /// Variables in global and constant memory that functions declare: by the place of their name.
    pub inner: HashMap<(u32, u32), u32, RandomState>,
}

/// Reads the module level of a text. It costs little more than to look at each byte of the bodies once.
pub fn declare(text: &str) -> Result<Declared, Errors> {
    let mut parser = Parser::new(text, START).map_err(|error| Errors(vec![error]))?;
    let mut declared = Declared { dynamic_align: 16, ..Declared::default() };
    let read = Reader { parser: &mut parser, declared: &mut declared, aliases: Vec::new() }.unit();
    parser.errors.extend(read.err());
    if parser.errors.is_empty() { Ok(declared) } else { Err(Errors(parser.errors)) }
}

impl Declared {
    /// The list grows by a quarter: for names of a few bytes it would take too much if it were half empty.
    fn add_global(&mut self, global: Global) {
        if self.globals.len() == self.globals.capacity() {
            self.globals.reserve_exact(self.globals.len() / 4 + 8);
        }
        self.globals.push(global);
    }

    fn define(&mut self, name: &str, binding: Binding, place: (u32, u32)) -> Result<(), Error> {
        match self.symbols.insert(name.into(), binding) {
            Some(_) => Err(error_at(place, format!("'{name}' is defined twice"))),
            None => Ok(()),
        }
    }

    fn variable(&mut self, variable: Variable<'_>, weak: bool) -> Result<(), Error> {
        if variable.bytes != variable.stride {
            self.strides.insert(variable.name.into(), variable.stride);
        }
        match variable.space {
            VariableSpace::Global | VariableSpace::Const => {
                if let Some(&Binding::Global(index)) = self.symbols.get(variable.name) {
                    return again(&mut self.globals[index as usize], variable, weak);
                }
                let index = self.globals.len() as u32;
                self.define(variable.name, Binding::Global(index), variable.place)?;
                self.add_global(global(variable));
                Ok(())
            }
            VariableSpace::Shared if variable.bytes == 0 => {
                self.dynamic_align = self.dynamic_align.max(variable.align);
                self.symbols.insert(variable.name.into(), Binding::DynamicShared);
                Ok(())
            }
            VariableSpace::Shared => {
                let index = self.shared.len() as u32;
                let (bytes, align) = (variable.bytes, variable.align.max(1));
                self.shared.push(Shared { name: variable.name.into(), bytes, align });
                self.symbols.insert(variable.name.into(), Binding::ModuleShared(index));
                Ok(())
            }
            VariableSpace::Local | VariableSpace::Param => {
                Err(error_at(variable.place, format!("'{}' must be inside of a function", variable.name)))
            }
        }
    }
}

struct Reader<'p, 'a> {
    parser: &'p mut Parser<'a>,
    declared: &'p mut Declared,
    /// Alias, what it stands for, and its place.
    aliases: Vec<(&'a str, &'a str, (u32, u32))>,
}

fn error_at(place: (u32, u32), what: String) -> Error {
    Error { line: place.0, column: place.1, what }
}

impl<'a> Reader<'_, 'a> {
    fn unit(&mut self) -> Result<(), Error> {
        self.header()?;
        loop {
            match self.parser.spot.token {
                Token::End => return self.resolve_aliases(),
                Token::Sign(b';') => {
                    self.parser.advance()?;
                }
                Token::Dot(word) => self.item(word)?,
                _ => return Err(self.parser.expected("a directive")),
            }
        }
    }

    fn header(&mut self) -> Result<(), Error> {
        let parser = &mut *self.parser;
        if !parser.take_dot("version")? {
            return Err(parser.expected("'.version'"));
        }
        self.declared.version = match parser.spot.token {
            // The version reads as a decimal; its digits are what counts.
            Token::Double(_) => {
                let text = &parser.text[parser.spot.start..parser.spot.end];
                let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
                (major.parse().unwrap_or(0), minor.parse().unwrap_or(0))
            }
            _ => return Err(parser.expected("a version such as 7.0")),
        };
        parser.advance()?;
        if !parser.take_dot("target")? {
            return Err(parser.expected("'.target'"));
        }
        self.declared.target = parser.name()?.into();
        while parser.take(b',')? {
            parser.name()?;
        }
        if parser.take_dot("address_size")? {
            if parser.spot.token != Token::Integer(64) {
                return Err(parser.error("only 64-bit addresses are supported"));
            }
            parser.advance()?;
        }
        Ok(())
    }

    fn item(&mut self, word: &'a str) -> Result<(), Error> {
        match word {
            "file" => self.file(),
            "section" => self.section(),
            "pragma" => self.parser.skip_statement(),
            "alias" => self.alias(),
            "loc" => self.parser.location(),
            _ => self.linked(),
        }
    }

    fn file(&mut self) -> Result<(), Error> {
        let parser = &mut *self.parser;
        parser.advance()?;
        parser.integer()?;
        match parser.spot.token {
            Token::Text(_) => parser.advance()?,
            _ => return Err(parser.expected("a file name")),
        };
        while parser.take(b',')? {
            parser.integer()?;
        }
        Ok(())
    }

    /// Debugging information: what is in it means nothing here.
    fn section(&mut self) -> Result<(), Error> {
        while self.parser.spot.token != Token::Sign(b'{') {
            if self.parser.spot.token == Token::End {
                return Err(self.parser.expected("'{'"));
            }
            self.parser.advance()?;
        }
        self.parser.lexer.skip_body(|_| ())?;
        self.parser.advance().map(drop)
    }

    /// `.alias name, function;`
    fn alias(&mut self) -> Result<(), Error> {
        self.parser.advance()?;
        let place = (self.parser.spot.line, self.parser.spot.column);
        let name = self.parser.name()?;
        self.parser.want(b',')?;
        let function = self.parser.name()?;
        self.parser.want(b';')?;
        self.aliases.push((name, function, place));
        Ok(())
    }

    /// An alias is declared as a function first; from here on its name is the other's.
    fn resolve_aliases(&mut self) -> Result<(), Error> {
        for &(name, function, place) in &self.aliases {
            let Some(&Binding::Function(index)) = self.declared.symbols.get(function) else {
                return Err(error_at(place, format!("no function '{function}'")));
            };
            match self.declared.symbols.insert(name.into(), Binding::Function(index)) {
                None | Some(Binding::Function(_)) => {}
                Some(_) => return Err(error_at(place, format!("'{name}' is defined twice"))),
            }
        }
        Ok(())
    }

    fn linked(&mut self) -> Result<(), Error> {
        let (mut linkage, mut weak) = (Linkage::Private, false);
        loop {
            match self.parser.spot.token {
                Token::Dot("visible") => linkage = Linkage::Visible,
                Token::Dot("weak" | "common") => (linkage, weak) = (Linkage::Visible, true),
                Token::Dot("extern") => linkage = Linkage::External,
                Token::Dot("attribute") => {
                    self.parser.attribute()?;
                    continue;
                }
                Token::Dot("entry") => return self.function(true, weak),
                Token::Dot("func") => return self.function(false, weak),
                Token::Dot("global") => return self.variables(VariableSpace::Global, linkage, weak),
                Token::Dot("const") => return self.variables(VariableSpace::Const, linkage, weak),
                Token::Dot("shared" | "shared::cta") => {
                    return self.variables(VariableSpace::Shared, linkage, weak);
                }
                Token::Dot("local") => return self.variables(VariableSpace::Local, linkage, weak),
                Token::Dot("tex") => return self.textures(linkage),
                Token::Dot(word) => return Err(self.parser.error(format!("unknown directive '.{word}'"))),
                _ => return Err(self.parser.expected("a directive")),
            }
            self.parser.advance()?;
        }
    }

    /// `.tex .u32 name;`: an old way to declare a texture reference, of which only the name counts.
    fn textures(&mut self, linkage: Linkage) -> Result<(), Error> {
        self.variables(VariableSpace::Global, linkage, false)
    }

    fn variables(&mut self, space: VariableSpace, linkage: Linkage, weak: bool) -> Result<(), Error> {
        self.parser.advance()?;
        let declared = &mut *self.declared;
        self.parser.variables(space, linkage, |variable| declared.variable(variable, weak))
    }

    fn function(&mut self, kernel: bool, weak: bool) -> Result<(), Error> {
        let at = self.parser.lexer.place();
        self.parser.advance()?;
        let header = self.parser.function_header(kernel)?;
        let mut body = None;
        if self.parser.spot.token == Token::Sign(b'{') {
            let spot = self.parser.spot;
            let line_start = spot.start + 1 - spot.column as usize;
            body = Some(Place { at: spot.start, line: spot.line, line_start });
            let mut inner = Vec::new();
            self.parser.lexer.skip_body(|place| inner.push(place))?;
            self.parser.advance()?;
            for place in inner {
                self.inner(place)?;
            }
        } else {
            self.parser.take(b';')?;
        }
        let placed = if kernel { parameters(&header) } else { Some(Vec::new()) };
        if placed.is_none() {
            let what = format!("parameters of '{}' are too large", header.name);
            self.parser.keep(error_at(header.place, what))?;
        }
        let function = Function {
            name: header.name.into(),
            kernel,
            header: at,
            body,
            weak,
            parameters: placed.unwrap_or_default(),
            parameter_names: if kernel { names(&header) } else { Vec::new() },
            max_threads: header.max_threads,
            required_block: header.required_block,
        };
        self.declare_function(function, header.place)
    }

    fn declare_function(&mut self, function: Function, place: (u32, u32)) -> Result<(), Error> {
        let Some(&Binding::Function(index)) = self.declared.symbols.get(&*function.name) else {
            let index = self.declared.functions.len() as u32;
            let name = function.name.clone();
            self.declared.functions.push(function);
            return self.declared.define(&name, Binding::Function(index), place);
        };
        let known = &mut self.declared.functions[index as usize];
        match (known.body.is_some(), function.body.is_some()) {
            (false, _) => *known = function,
            (true, false) => {}
            (true, true) if known.weak => *known = function,
            (true, true) if function.weak => {}
            (true, true) => {
                let error = error_at(place, format!("'{}' is defined twice", function.name));
                self.parser.keep(error)?;
            }
        }
        Ok(())
    }

    /// Variables that a function declares in global or constant memory: they need their place from the start.
    fn inner(&mut self, place: Place) -> Result<(), Error> {
        let mut parser = Parser::new(self.parser.text, place)?;
        let space = match parser.advance()?.token {
            Token::Dot("const") => VariableSpace::Const,
            _ => VariableSpace::Global,
        };
        let declared = &mut *self.declared;
        parser.variables(space, Linkage::Private, |variable| {
            declared.inner.insert(variable.place, declared.globals.len() as u32);
            declared.add_global(global(variable));
            Ok(())
        })
    }
}

/// A declaration and the definition of one variable, or two of which one gives way.
fn again(known: &mut Global, variable: Variable<'_>, weak: bool) -> Result<(), Error> {
    let external = variable.linkage == Linkage::External;
    if !known.external && !external && !weak {
        return Err(error_at(variable.place, format!("'{}' is defined twice", variable.name)));
    }
    if known.external || (!external && known.initial.is_empty() && known.relocations.is_empty()) {
        *known = global(variable);
    }
    Ok(())
}

/// Where a kernel's parameters lie; `None` if they are too large together.
fn parameters(header: &Header<'_>) -> Option<Vec<Parameter>> {
    let mut end = 0u64;
    let place = |(bytes, align): (u64, u32)| {
        let offset = end.next_multiple_of(u64::from(align.max(1)));
        end = offset.checked_add(bytes).filter(|&end| end <= MOST_PARAMETERS)?;
        Some(Parameter { offset: offset as u32, bytes: bytes as u32, align })
    };
    header.parameters.iter().map(Formal::layout).map(place).collect()
}

fn names(header: &Header<'_>) -> Vec<Box<str>> {
    let name = |formal: &Formal<'_>| match formal {
        Formal::Param(variable) => variable.name.into(),
        Formal::Register(_, name) => (*name).into(),
    };
    header.parameters.iter().map(name).collect()
}

fn global(variable: Variable<'_>) -> Global {
    Global {
        name: variable.name.to_owned(),
        space: if variable.space == VariableSpace::Const { Space::Const } else { Space::Global },
        bytes: variable.bytes,
        align: variable.align.max(1),
        initial: variable.initial,
        relocations: variable.relocations,
        external: variable.linkage == Linkage::External,
        visible: variable.linkage != Linkage::Private,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse::MOST_ERRORS;
    use super::*;

    const HEAD: &str = ".version 7.0\n.target sm_80\n.address_size 64\n";

    #[test]
    fn bodies_are_passed_over() {
        let text = format!(
            "{HEAD}.func (.reg .b32 r) f(.param .b32 a) {{ \"}}\" // }}\n /* }} */ {{ nonsense }} }}\n\
             .entry k(.param .u64 p, .param .b8 q) .reqntid 8, 2 {{ {{ .global .align 8 .b8 x[4], y; }} st.global.u32 [p], 1; }}"
        );
        let declared = declare(&text).unwrap();
        let names: Vec<&str> = declared.functions.iter().map(|function| &*function.name).collect();
        assert_eq!(names, ["f", "k"]);
        let kernel = &declared.functions[1];
        assert_eq!((kernel.max_threads, kernel.required_block), (16, Some([8, 2, 1])));
        assert_eq!(kernel.parameters[1], Parameter { offset: 8, bytes: 1, align: 1 });
        let body = kernel.body.unwrap();
        assert_eq!((&text[body.at..=body.at], body.line), ("{", 6));
        let globals: Vec<&str> = declared.globals.iter().map(|global| &*global.name).collect();
        assert_eq!(globals, ["x", "y"]);
        assert_eq!(declared.inner.len(), 2);
    }

    #[test]
    fn definitions_win_over_declarations_and_weak_ones() {
        let text = format!(
            "{HEAD}.func f(); .weak .func f() {{ a; }} .func f() {{ b; }} .weak .func f() {{ c; }}\n\
             .extern .global .u32 x; .weak .global .u32 x = 3; .common .global .u32 x;\n\
             .func g(); .alias g, f;"
        );
        let declared = declare(&text).unwrap();
        let body = declared.functions[0].body.unwrap();
        assert_eq!(&text[body.at..body.at + 4], "{ b;");
        assert_eq!((declared.globals.len(), &*declared.globals[0].initial), (1, &[3u8][..]));
        assert_eq!(declared.symbols["g"], Binding::Function(0));
        for (twice, what) in [
            (".func f() { } .func f() { }", "4:21: 'f' is defined twice"),
            (".global .u32 x = 1; .global .u32 x = 2;", "4:34: 'x' is defined twice"),
            (".alias g, f;", "4:8: no function 'f'"),
        ] {
            assert_eq!(declare(&format!("{HEAD}{twice}")).unwrap_err().to_string(), what);
        }
    }

    #[test]
    fn kept_errors_have_a_limit() {
        let twice = ".func f() { }".repeat(200);
        assert_eq!(declare(&format!("{HEAD}{twice}")).unwrap_err().0.len(), MOST_ERRORS);
    }
}
