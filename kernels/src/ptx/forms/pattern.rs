//! Patterns of forms: an opcode and its groups of modifiers, as text; what they match and what they expand to.
//!
//! `add[{rnd}][.ftz][.sat].f32`: a bare `.word` must be there, `(.a|.b)` needs one of its words, `[.a|.b]` takes one
//! or none. `{name}` stands for the words of a list in [`LISTS`]; alone it needs one of them.

use crate::ir::Type;

/// Lists of words that many patterns share. // table
const LISTS: &[(&str, &str)] = &[
    ("rnd", ".rn|.rz|.rm|.rp"),
    ("int", ".rni|.rzi|.rmi|.rpi"),
    ("i16", ".u16|.s16"),
    ("i32", ".u32|.s32"),
    ("i64", ".u64|.s64"),
    ("ints", ".u16|.s16|.u32|.s32|.u64|.s64"),
    ("all_ints", ".u8|.s8|{ints}"),
    ("tiny", ".e4m3x2|.e5m2x2|.e2m3x2|.e3m2x2|.e2m1x2"),
    ("bits", ".b16|.b32|.b64"),
    ("order", ".eq|.ne|.lt|.le|.gt|.ge"),
    ("unsigned_order", ".lo|.ls|.hi|.hs"),
    ("unordered", ".equ|.neu|.ltu|.leu|.gtu|.geu|.num|.nan"),
    ("float_order", "{order}|{unordered}"),
    ("bool", ".and|.or|.xor"),
    ("scope", ".cta|.cluster|.gpu|.sys"),
    ("layout", ".row|.col"),
    ("large", ".m16n16k16|.m8n32k16|.m32n8k16"),
    ("eight", ".e4m3|.e5m2"),
    ("place", ".global|.shared|.shared::cta"),
    ("sem", ".relaxed|.acquire|.release|.acq_rel"),
    ("own_spaces", ".const|.global|.local|.param|.param::entry|.shared|.shared::cta"),
    ("load_spaces", ".const|.global|.local|.param|.param::entry|.param::func|.shared|.shared::cta"),
    ("store_spaces", ".global|.local|.param|.param::func|.shared|.shared::cta"),
    ("atomic_spaces", ".global|.shared|.shared::cta"),
    ("load_cache", ".ca|.cg|.cs|.lu|.cv"),
    ("store_cache", ".wb|.cg|.cs|.wt"),
    ("L1", ".L1::evict_normal|.L1::evict_unchanged|.L1::evict_first|.L1::evict_last|.L1::no_allocate"),
    ("L2", ".L2::evict_normal|.L2::evict_first|.L2::evict_last"),
    ("primary", ".L2::evict_last|.L2::evict_normal|.L2::evict_first|.L2::evict_unchanged"),
    ("secondary", ".L2::evict_first|.L2::evict_unchanged"),
    ("fetch", ".L2::64B|.L2::128B|.L2::256B"),
    ("vectors", ".v2|.v4"),
    ("words", ".b32|.u32|.s32|.f32"),
    ("halves", ".f16|.f16x2|.bf16|.bf16x2"),
    ("scalars", ".b8|.b16|.b32|.b64|.u8|.u16|.u32|.u64|.s8|.s16|.s32|.s64|.f32|.f64"),
];

/// Choices of one place in a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The words, without dots.
    pub words: Vec<&'static str>,
    /// None of them may be there.
    pub optional: bool,
    /// All of them are types: these keep their order.
    pub types: bool,
}

/// A pattern taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The first word.
    pub opcode: &'static str,
    /// In the order of the manual.
    pub groups: Vec<Group>,
}

/// Words separated by bars, lists put in; without dots.
fn words(text: &'static str, into: &mut Vec<&'static str>) {
    for word in text.split('|') {
        match word.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => {
                let list = LISTS.iter().find(|(known, _)| *known == name);
                words(list.map_or("", |(_, list)| list), into);
            }
            None => into.extend(word.strip_prefix('.').filter(|word| !word.is_empty())),
        }
    }
}

impl Pattern {
    /// Takes a pattern's text apart.
    pub fn new(text: &'static str) -> Pattern {
        let end = text.find(['.', '[', '(', '{']).unwrap_or(text.len());
        let (opcode, mut rest) = text.split_at(end);
        let mut groups = Vec::new();
        while !rest.is_empty() {
            let close = match rest.as_bytes()[0] {
                b'[' => rest.find(']'),
                b'(' => rest.find(')'),
                b'{' => rest.find('}').map(|close| close + 1),
                _ => None,
            };
            let (inner, optional, next) = match close {
                Some(close) if rest.starts_with('{') => (&rest[..close], false, close),
                Some(close) => (&rest[1..close], rest.starts_with('['), close + 1),
                None => {
                    let end = rest[1..].find(['.', '[', '(', '{']).map_or(rest.len(), |end| end + 1);
                    (&rest[..end], false, end)
                }
            };
            let mut list = Vec::new();
            words(inner, &mut list);
            let types = !list.is_empty() && list.iter().all(|word| Type::named(word).is_some());
            groups.push(Group { words: list, optional, types });
            rest = &rest[next..];
        }
        Pattern { opcode, groups }
    }

    /// Whether these modifiers make a form of the pattern. Types stand in order; real texts put the others in any.
    pub fn matches(&self, modifiers: &[&str]) -> bool {
        let mut taken = 0u64;
        if modifiers.len() > 64 {
            return false;
        }
        let mut types_from = 0;
        for group in &self.groups {
            let found = modifiers.iter().enumerate().position(|(at, word)| {
                taken >> at & 1 == 0 && (!group.types || at >= types_from) && group.words.contains(word)
            });
            match found {
                Some(at) => {
                    taken |= 1 << at;
                    if group.types {
                        types_from = at;
                    }
                }
                None if group.optional => {}
                None => return false,
            }
        }
        taken.count_ones() as usize == modifiers.len()
    }

    /// Every form, if there are no more than `most`; else enough of them that each pair of choices occurs.
    pub fn expand(&self, most: usize) -> Vec<String> {
        let sizes: Vec<usize> =
            self.groups.iter().map(|group| group.words.len() + usize::from(group.optional)).collect();
        let all =
            sizes.iter().try_fold(1usize, |all, &size| all.checked_mul(size).filter(|&all| all <= most));
        match all {
            Some(all) => (0..all).map(|number| self.form(&digits(number, &sizes))).collect(),
            None => pairs(&sizes).iter().map(|choice| self.form(choice)).collect(),
        }
    }

    /// The form of one choice for each group; behind the last word of an optional one: none.
    fn form(&self, choice: &[usize]) -> String {
        let mut form = self.opcode.to_owned();
        for (group, &at) in self.groups.iter().zip(choice) {
            if let Some(word) = group.words.get(at) {
                form.push('.');
                form.push_str(word);
            }
        }
        form
    }
}

/// A number as digits of these bases, the last one fastest.
fn digits(mut number: usize, sizes: &[usize]) -> Vec<usize> {
    let mut digits = vec![0; sizes.len()];
    for (digit, &size) in digits.iter_mut().zip(sizes).rev() {
        *digit = number % size;
        number /= size;
    }
    digits
}

/// Choices that hold every pair of digits: for two places each pair, the other places running through theirs.
fn pairs(sizes: &[usize]) -> Vec<Vec<usize>> {
    let mut choices = Vec::new();
    let mut turn = 0;
    for first in 0..sizes.len() {
        for second in first + 1..sizes.len() {
            for a in 0..sizes[first] {
                for b in 0..sizes[second] {
                    let mut choice: Vec<usize> =
                        sizes.iter().enumerate().map(|(at, &size)| (turn + at * 7) % size).collect();
                    (choice[first], choice[second]) = (a, b);
                    choices.push(choice);
                    turn += 1;
                }
            }
        }
    }
    choices.sort_unstable();
    choices.dedup();
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &'static str, form: &str) -> bool {
        let mut words = form.split('.');
        let opcode = words.next();
        let pattern = Pattern::new(pattern);
        opcode == Some(pattern.opcode) && pattern.matches(&words.collect::<Vec<_>>())
    }

    #[test]
    fn patterns_match_their_forms() {
        let add = "add[{rnd}][.ftz].f32";
        for form in ["add.f32", "add.rn.f32", "add.ftz.f32", "add.rp.ftz.f32", "add.ftz.rp.f32", "add.f32.rn"]
        {
            assert!(matches(add, form), "{form}");
        }
        for form in
            ["add", "add.f64", "add.rn.rz.f32", "add.f32.f32", "add.sat.f32", "sub.f32", "add.rn.rn.f32"]
        {
            assert!(!matches(add, form), "{form}");
        }
        let cvt = "cvt(.f32|.f64)(.u8|.s64)";
        assert!(matches(cvt, "cvt.f32.u8") && matches(cvt, "cvt.f64.s64"));
        assert!(!matches(cvt, "cvt.u8.f32"), "types keep their order");
        assert!(matches("bar.warp.sync", "bar.warp.sync") && !matches("bar.warp.sync", "bar.sync"));
        assert!(
            matches("m(.row|.col)(.row|.col)", "m.col.row") && !matches("m(.row|.col)(.row|.col)", "m.row")
        );
    }

    #[test]
    fn expansion_gives_every_form_or_every_pair() {
        assert_eq!(
            Pattern::new("a[.x|.y](.u|.v)").expand(6),
            ["a.x.u", "a.x.v", "a.y.u", "a.y.v", "a.u", "a.v"]
        );
        assert_eq!(Pattern::new("ret").expand(1), ["ret"]);
        assert_eq!(Pattern::new("a.x{i32}[{i64}].y").expand(6)[1], "a.x.u32.s64.y");
        let some = Pattern::new("a(.b|.c|.d)(.e|.f|.g)(.h|.i|.j)").expand(26);
        assert!(some.len() < 27);
        for (a, b) in [(".b", ".e"), (".d", ".j"), (".g", ".h"), (".c", ".i")] {
            assert!(some.iter().any(|form| form.contains(a) && form.contains(b)), "{a}{b}");
        }
    }

    #[test]
    fn every_list_is_known() {
        for family in super::super::families() {
            for row in family.rows {
                for name in row.pattern.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
                    assert!(LISTS.iter().any(|(known, _)| *known == name), "{}: {{{name}}}", row.pattern);
                }
            }
        }
    }
}
