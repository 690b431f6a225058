// Random filters, printed and parsed, say of random connections what a naive evaluator says of the tree that
// was printed: another representation, another way to compute every function.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "replica/core/odata_filter.h"

namespace nonet::replica {
namespace {

constexpr int kSeeds = 3'000;
constexpr int kConnectionsEach = 8;

// Letters as UTF-16, and what they are in the other case (themselves: they have none).
struct Letter {
  const char* utf8;
  std::u16string units;
  std::u16string lower;
  std::u16string upper;
};
const std::vector<Letter>& Alphabet() {
  static const auto& letters = *new std::vector<Letter>{
      {"a", u"a", u"a", u"A"}, {"B", u"B", u"b", u"B"}, {"ü", u"ü", u"ü", u"Ü"}, {"Ж", u"Ж", u"ж", u"Ж"},
      {"'", u"'", u"'", u"'"}, {" ", u" ", u" ", u" "}, {"😀", u"😀", u"😀", u"😀"}, {"-", u"-", u"-", u"-"}};
  return letters;
}
// Of every unit that occurs, in any case.
std::u16string Cased(const std::u16string& text, bool upper) {
  static const std::u16string kLower = u"abüж", kUpper = u"ABÜЖ";
  std::u16string out = text;
  for (char16_t& unit : out) {
    const size_t at = (upper ? kLower : kUpper).find(unit);
    if (at != std::u16string::npos) unit = (upper ? kUpper : kLower)[at];
  }
  return out;
}
std::string Utf8(const std::u16string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::u16string one = text.substr(i, 1);
    const bool pair = text[i] >= 0xD800 && text[i] < 0xDC00;
    for (const Letter& letter : Alphabet()) {
      if (pair ? letter.units == text.substr(i, 2) : letter.units == one) out += letter.utf8;
    }
    if (pair) ++i;
  }
  return out;
}

using Value = std::variant<std::monostate, bool, int64_t, std::u16string>;

struct Person {
  std::optional<std::u16string> user;
  std::u16string connection;
  std::vector<std::u16string> groups;
};

struct Expression {
  std::string op;  // "or", "eq", "in", "length", "'" (a text), "#" (a number), "userId" ...
  std::vector<Expression> parts;
  std::u16string text;
  int64_t number = 0;
};

bool IsNull(const Value& v) { return std::holds_alternative<std::monostate>(v); }
const std::u16string& TextOf(const Value& v) { return std::get<std::u16string>(v); }

bool Halved(const std::u16string& text, size_t at) {
  return at < text.size() && text[at] >= 0xDC00 && text[at] < 0xE000;
}

Value Call(const std::string& name, const std::vector<Value>& v) {
  if (name == "concat") {
    if (IsNull(v[0])) return v[1];
    if (IsNull(v[1])) return v[0];
    return TextOf(v[0]) + TextOf(v[1]);
  }
  const bool missing = IsNull(v[0]) || (v.size() == 2 && IsNull(v[1]));
  if (name == "indexof") {
    if (missing) return int64_t{-1};
    const size_t at = TextOf(v[0]).find(TextOf(v[1]));
    return at == std::u16string::npos ? int64_t{-1} : static_cast<int64_t>(at);
  }
  if (name == "contains") return !missing && TextOf(v[0]).find(TextOf(v[1])) != std::u16string::npos;
  if (name == "startswith") return !missing && TextOf(v[0]).rfind(TextOf(v[1]), 0) == 0;
  if (name == "endswith") {
    if (missing || TextOf(v[0]).size() < TextOf(v[1]).size()) return false;
    return std::equal(TextOf(v[1]).rbegin(), TextOf(v[1]).rend(), TextOf(v[0]).rbegin());
  }
  if (IsNull(v[0])) return {};
  const std::u16string& text = TextOf(v[0]);
  if (name == "length") return static_cast<int64_t>(text.size());
  if (name == "tolower" || name == "toupper") return Cased(text, name == "toupper");
  if (name == "trim") {
    const size_t from = text.find_first_not_of(u' ');
    if (from == std::u16string::npos) return std::u16string();
    return text.substr(from, text.find_last_not_of(u' ') - from + 1);
  }
  const int64_t size = static_cast<int64_t>(text.size()), start = std::get<int64_t>(v[1]);
  const int64_t length = v.size() == 3 ? std::get<int64_t>(v[2]) : size - start;
  if (start < 0 || start > size || length < 0 || length > size - start) return {};
  if (Halved(text, static_cast<size_t>(start)) || Halved(text, static_cast<size_t>(start + length)))
    return {};
  return text.substr(static_cast<size_t>(start), static_cast<size_t>(length));
}

Value Evaluate(const Expression& e, const Person& who);

bool Compare(const std::string& op, const Value& a, const Value& b) {
  if (op == "eq") return a == b;
  if (op == "ne") return a != b;
  if (IsNull(a) || IsNull(b)) return false;
  const int64_t left = std::get<int64_t>(a), right = std::get<int64_t>(b);
  if (op == "gt") return left > right;
  if (op == "ge") return left >= right;
  return op == "lt" ? left < right : left <= right;
}

Value Evaluate(const Expression& e, const Person& who) {
  if (e.op == "null") return {};
  if (e.op == "true" || e.op == "false") return e.op == "true";
  if (e.op == "'") return e.text;
  if (e.op == "#") return e.number;
  if (e.op == "userId") return who.user ? Value(*who.user) : Value();
  if (e.op == "connectionId") return who.connection;
  if (e.op == "count") return static_cast<int64_t>(who.groups.size());
  std::vector<Value> values;
  for (const Expression& part : e.parts) values.push_back(Evaluate(part, who));
  if (e.op == "not") return !std::get<bool>(values[0]);
  if (e.op == "and") return std::get<bool>(values[0]) && std::get<bool>(values[1]);
  if (e.op == "or") return std::get<bool>(values[0]) || std::get<bool>(values[1]);
  if (e.op == "member") {
    return std::any_of(who.groups.begin(), who.groups.end(),
                       [&](const std::u16string& group) { return Value(group) == values[0]; });
  }
  if (e.op == "in") return std::find(values.begin() + 1, values.end(), values[0]) != values.end();
  if (e.op.size() == 2) return Compare(e.op, values[0], values[1]);
  return Call(e.op, values);
}

// Expressions that pass the types, with a budget of levels.
class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  Expression Bool(int levels) {
    if (levels <= 0) return Leaf(Chance(2) ? "true" : "false");
    switch (Below(9)) {
      case 0:
        return Make("not", {Bool(levels - 1)});
      case 1:
        return Make("and", {Bool(levels - 1), Bool(levels - 1)});
      case 2:
        return Make("or", {Bool(levels - 1), Bool(levels - 1)});
      case 3:
        return Make(One({"eq", "ne"}), {Any(levels - 1), Any(levels - 1)});
      case 4:
        return Make(One({"gt", "ge", "lt", "le"}), {Int(levels - 1), Int(levels - 1)});
      case 5:
        return Make("member", {Any(levels - 1)});
      case 6: {
        Expression in = Make("in", {Any(levels - 1)});
        for (int i = Below(3); i >= 0; --i) in.parts.push_back(Any(levels - 2));
        return in;
      }
      case 7:
        return Make(One({"eq", "ne"}), {Text(levels - 1), Text(levels - 1)});
      default:
        return Make(One({"contains", "startswith", "endswith"}), {Text(levels - 1), Text(levels - 1)});
    }
  }

  std::u16string Word(int letters_max) {
    std::u16string text;
    for (int i = Below(letters_max + 1); i > 0; --i) {
      text += Alphabet()[static_cast<size_t>(Below(static_cast<int>(Alphabet().size())))].units;
    }
    return text;
  }

  Person Somebody() {
    Person who;
    if (!Chance(4)) who.user = u"a" + Word(4);
    who.connection = u"-" + Word(2);
    for (int i = Below(3); i > 0; --i) who.groups.push_back(u"a" + Word(1));
    std::sort(who.groups.begin(), who.groups.end());
    who.groups.erase(std::unique(who.groups.begin(), who.groups.end()), who.groups.end());
    return who;
  }

  // With parentheses where the precedence wants them, and sometimes where it does not; names in any case.
  std::string Print(const Expression& e, int around = 0) {
    const int level = LevelOf(e);
    std::string text = Bare(e, level);
    while (level < around || Chance(12)) {
      text = absl::StrCat("(", Space(), text, Space(), ")");
      around = 0;
    }
    return text;
  }

 private:
  int Below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }
  bool Chance(int one_in) { return Below(one_in) == 0; }
  std::string One(const std::vector<std::string>& of) {
    return of[static_cast<size_t>(Below(static_cast<int>(of.size())))];
  }
  static Expression Leaf(std::string op) { return Make(std::move(op), {}); }
  static Expression Make(std::string op, std::vector<Expression> parts) {
    Expression e;
    e.op = std::move(op);
    e.parts = std::move(parts);
    return e;
  }

  Expression Number() {
    Expression e = Leaf("#");
    e.number = Below(9) - 2;
    return e;
  }
  // Never null, as substring wants it.
  Expression Index(int levels) {
    if (levels <= 0 || Chance(2)) return Number();
    if (Chance(2)) return Leaf("count");
    return Make("indexof", {Text(levels - 1), Text(levels - 1)});
  }
  Expression Int(int levels) {
    if (Chance(10)) return Leaf("null");
    return Chance(2) ? Index(levels) : Make("length", {Text(levels - 1)});
  }
  Expression Text(int levels) {
    if (levels > 0 && Chance(2)) {
      switch (Below(4)) {
        case 0:
          return Make(One({"tolower", "toupper", "trim"}), {Text(levels - 1)});
        case 1:
          return Make("concat", {Text(levels - 1), Text(levels - 1)});
        case 2:
          return Make("substring", {Text(levels - 1), Index(levels - 1)});
        default:
          return Make("substring", {Text(levels - 1), Index(levels - 1), Index(levels - 1)});
      }
    }
    if (Chance(2)) return Leaf("userId");
    if (Chance(8)) return Leaf(One({"null", "connectionId"}));
    Expression e = Leaf("'");
    e.text = Chance(2) ? u"a" + Word(2) : Word(3);
    return e;
  }
  Expression Any(int levels) {
    const int kind = Below(6);
    return kind == 0 ? Bool(levels) : kind == 1 ? Int(levels) : Text(levels);
  }

  static int LevelOf(const Expression& e) {
    if (e.op == "or") return 0;
    if (e.op == "and") return 1;
    if (e.op == "in" || e.op == "member" || e.op == "eq" || e.op == "ne" || e.op == "gt" || e.op == "ge" ||
        e.op == "lt" || e.op == "le") {
      return 2;
    }
    return e.op == "not" ? 3 : 4;
  }

  std::string Space() { return std::string(static_cast<size_t>(Below(2)), ' '); }
  std::string Mixed(std::string name) {
    for (char& c : name) {
      if (Chance(4)) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    return name;
  }

  std::string List(const std::vector<Expression>& parts, size_t from) {
    std::string text = "(";
    for (size_t i = from; i < parts.size(); ++i) {
      absl::StrAppend(&text, i == from ? "" : ",", Space(), Print(parts[i]), Space());
    }
    return text + ")";
  }

  std::string Bare(const Expression& e, int level) {
    if (e.op == "'") {
      std::string text = "'";
      for (const char c : Utf8(e.text)) text += c == '\'' ? "''" : std::string(1, c);
      return text + "'";
    }
    if (e.op == "#") return absl::StrCat(e.number > 0 && Chance(4) ? "+" : "", e.number);
    if (e.op == "count") return Mixed("length(groups)");
    if (e.op == "userId" || e.op == "connectionId") return Mixed(e.op);
    if (e.parts.empty()) return e.op;
    if (e.op == "not") return "not " + Print(e.parts[0], 3);
    if (e.op == "member") return Print(e.parts[0], 3) + " in " + (Chance(3) ? "(groups)" : Mixed("groups"));
    if (e.op == "in") return Print(e.parts[0], 3) + " in " + List(e.parts, 1);
    if (level == 4) return Mixed(e.op) + List(e.parts, 0);
    // `and` and `or` may go on to the left without parentheses; comparisons may not.
    const int left = level == 2 ? 3 : level, right = level == 2 ? 3 : level + 1;
    return absl::StrCat(Print(e.parts[0], left), " ", e.op, " ", Print(e.parts[1], right));
  }

  std::mt19937 random_;
};

TEST(ODataFilterProperty, SaysWhatANaiveEvaluatorSays) {
  int taken = 0, matched = 0, refused = 0;
  for (uint32_t seed = 1; seed <= kSeeds; ++seed) {
    Generator generator(seed);
    const Expression tree = generator.Bool(5);
    const std::string text = generator.Print(tree);
    const auto filter = ParseFilter(text);
    ASSERT_TRUE(filter.ok()) << "seed " << seed << ": " << text << "\n" << filter.status();
    for (int i = 0; i < kConnectionsEach; ++i) {
      const Person who = generator.Somebody();
      absl::btree_map<std::string, uint64_t> groups;
      for (const std::u16string& group : who.groups) groups[Utf8(group)] = 0;
      const std::string user = who.user ? Utf8(*who.user) : "";
      const bool expected = std::get<bool>(Evaluate(tree, who));
      ++taken;
      (expected ? matched : refused)++;
      ASSERT_EQ((*filter)->Matches({Utf8(who.connection), user, groups}), expected)
          << "seed " << seed << ": " << text << "\nuser " << user;
    }
  }
  // Neither answer is rare, or little would be shown.
  EXPECT_GT(matched, taken / 5);
  EXPECT_GT(refused, taken / 5);
}

// Whatever is cut out of a filter or put into it, there is an answer or an error.
TEST(ODataFilterProperty, SurvivesEveryDamage) {
  int bad = 0;
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    Generator generator(seed);
    std::mt19937 random(seed);
    std::string text = generator.Print(generator.Bool(4));
    for (int i = 0; i < 20; ++i) {
      std::string damaged = text;
      const size_t at = random() % damaged.size();
      if (random() % 2 == 0) {
        damaged.erase(at, 1 + random() % 3);
      } else {
        damaged.insert(at, 1, "()',- aeq1\xFF"[random() % 11]);
      }
      const auto filter = ParseFilter(damaged);
      if (filter.ok()) {
        EXPECT_EQ((*filter)->text(), damaged);
        (*filter)->Matches({"c", "ann", {}});
      } else {
        EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
        ++bad;
      }
    }
  }
  EXPECT_GT(bad, 3'000);
}

}  // namespace
}  // namespace nonet::replica
