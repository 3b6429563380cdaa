#include <cstdlib>

#include "catalog_rewrite.h"

namespace dataflow::postgres {
namespace {

using Kind = CatalogToken::Kind;

constexpr size_t kNone = static_cast<size_t>(-1);
constexpr size_t kMostParameterDigits = 5;

bool all_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

class Plain {
 public:
  Plain(const CatalogTokens& in, const CatalogParameters& parameters)
      : in_(in), parameters_(parameters), partner_(partners(in)), closes_(in.size(), false) {}

  Result<CatalogTokens> take() {
    for (size_t at = 0; at < in_.size();) {
      if (in_[at].kind == Kind::kParameter) {
        DF_RETURN_IF_ERROR(put_parameter(in_[at].text));
        ++at;
      } else if (size_t next = special(at); next != kNone) {
        at = next;
      } else {
        out_.push_back(in_[at++]);
      }
    }
    return std::move(out_);
  }

 private:
  bool is(size_t at, std::string_view symbol) const {
    return at < in_.size() && in_[at].is(symbol);
  }
  bool is_name(size_t at, std::string_view name) const {
    return at < in_.size() && in_[at].is_name(name);
  }

  // Behind what is taken out or replaced, or kNone.
  size_t special(size_t at) {
    if (is_name(at, "pg_catalog") && is(at + 1, ".")) return at + 2;
    if (is_name(at, "information_schema") && is(at + 1, ".")) return information(at);
    if (in_[at].is_word("collate")) return behind_name(at + 1);
    if (in_[at].is_word("operator") && is(at + 1, "(")) return operator_in(at + 1);
    if (in_[at].is_word("cast") && is(at + 1, "(")) return cast(at + 1);
    if (closes_[at]) return close_cast(at);
    return kNone;
  }

  // Its tables are in a schema of ours, its functions are among the others, its types are text.
  size_t information(size_t at) {
    if (at + 2 >= in_.size()) return kNone;
    if (is(at + 3, "(")) return at + 2;
    if (!out_.empty() && out_.back().is("::")) {
      out_.push_back(CatalogToken::word("varchar"));
      return at + 3;
    }
    out_.push_back(CatalogToken::word("infos"));
    return at + 1;
  }

  size_t behind_name(size_t at) const {
    if (at >= in_.size() || !in_[at].is_name()) return kNone;
    return is(at + 1, ".") ? at + 3 : at + 1;
  }

  size_t operator_in(size_t open) {
    const size_t close = partner_[open];
    if (close < open + 2) return kNone;
    out_.push_back(in_[close - 1]);
    return close + 1;
  }

  // CAST(x AS t): (x)::t, with the parenthesis closed at AS.
  size_t cast(size_t open) {
    const size_t close = partner_[open];
    size_t as = kNone;
    for (size_t i = open + 1; i<close; i = partner_[i]> i ? partner_[i] + 1 : i + 1) {
      if (in_[i].is_word("as")) as = i;
    }
    if (as == kNone) return kNone;
    closes_[as] = true;
    closes_[close] = true;
    out_.push_back(CatalogToken::symbol("("));
    return open + 1;
  }

  size_t close_cast(size_t at) {
    if (in_[at].is_word("as")) {
      out_.push_back(CatalogToken::symbol(")"));
      out_.push_back(CatalogToken::symbol("::"));
    }
    return at + 1;
  }

  Status put_parameter(const std::string& digits) {
    const size_t number =
        digits.size() > kMostParameterDigits ? 0 : std::strtoul(digits.c_str(), nullptr, 10);
    if (number == 0 || number > parameters_.size()) {
      return Status::invalid("there is no parameter $" + digits);
    }
    const std::optional<std::string>& value = parameters_[number - 1];
    if (!value) {
      out_.push_back(CatalogToken::word("null"));
      return {};
    }
    if (value->find('\0') != std::string::npos) {
      return Status::invalid("parameter $" + digits + " has a byte 0");
    }
    const bool counts =
        !out_.empty() && (out_.back().is_word("limit") || out_.back().is_word("offset"));
    if (counts && all_digits(*value)) {
      out_.push_back({Kind::kNumber, *value});
    } else {
      out_.push_back(CatalogToken::string(*value));
    }
    return {};
  }

  const CatalogTokens& in_;
  const CatalogParameters& parameters_;
  std::vector<size_t> partner_;
  std::vector<bool> closes_;  // tokens of a CAST that has been begun
  CatalogTokens out_;
};

}  // namespace

Result<CatalogTokens> plain_catalog_tokens(const CatalogTokens& tokens,
                                           const CatalogParameters& parameters) {
  return Plain(tokens, parameters).take();
}

}  // namespace dataflow::postgres
