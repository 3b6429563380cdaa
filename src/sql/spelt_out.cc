#include "spelt_out.h"

#include <algorithm>

#include "expr/operators.h"
#include "names.h"
#include "same_name.h"

namespace dataflow::sql {
namespace {

using expr::Expression;
using expr::Kind;

// A function that calls two, each of which calls two, and so on, is a short text.
constexpr size_t kMostParts = 10'000;

const Function* made_function(const Expression& call, const Catalog& catalog) {
  return call.kind == Kind::kCall ? catalog.find_function(call.name) : nullptr;
}

class Speller {
 public:
  explicit Speller(const Catalog& catalog) : catalog_(catalog) {}

  // What stands in a body takes the place of the call, where a user sees it.
  struct Inside {
    const Function* function = nullptr;
    const std::vector<ExpressionPtr>* arguments = nullptr;
    Place place;
  };

  Result<ExpressionPtr> spell(const ExpressionPtr& expression, const Inside& inside, int depth) {
    if (depth > expr::kMaxDepth) return too_much(expression, inside, "nests too deeply");
    if (++parts_ > kMostParts) return too_much(expression, inside, "is too long");
    if (inside.function != nullptr && expression->kind == Kind::kColumn) {
      return argument_of(*expression, inside, depth);
    }
    auto made = std::make_shared<Expression>(*expression);
    if (inside.function != nullptr) made->place = inside.place;
    for (ExpressionPtr& argument : made->arguments) {
      DF_ASSIGN_OR_RETURN(argument, spell(argument, inside, depth + 1));
    }
    const Function* const function = made_function(*made, catalog_);
    if (function == nullptr) return ExpressionPtr(std::move(made));
    return body_of(*function, *made, depth);
  }

 private:
  Result<ExpressionPtr> body_of(const Function& function, const Expression& call, int depth) {
    const size_t wanted = function.parameters.size();
    if (call.arguments.size() != wanted) {
      return at_place(call.place, "function `" + function.name + "` takes " +
                                      std::to_string(wanted) +
                                      (wanted == 1 ? " argument, not " : " arguments, not ") +
                                      std::to_string(call.arguments.size()));
    }
    std::vector<ExpressionPtr> arguments;
    for (size_t i = 0; i < wanted; ++i) {
      arguments.push_back(
          expr::cast(call.arguments[i], function.parameters[i].second, call.arguments[i]->place));
    }
    const Inside inside{&function, &arguments, call.place};
    DF_ASSIGN_OR_RETURN(ExpressionPtr body, spell(function.body, inside, depth + 1));
    return function.returns ? expr::cast(body, *function.returns, call.place) : body;
  }

  // It is spelt already; it counts again, as it stands here once more.
  Result<ExpressionPtr> argument_of(const Expression& parameter, const Inside& inside, int depth) {
    const auto& parameters = inside.function->parameters;
    const auto found = std::ranges::find_if(
        parameters, [&](const auto& each) { return same_name(each.first, parameter.name); });
    if (found == parameters.end()) {
      return at_place(inside.place, "function `" + inside.function->name + "` has no parameter `" +
                                        parameter.name + "`");
    }
    const ExpressionPtr& argument = (*inside.arguments)[found - parameters.begin()];
    if (depth + depth_of(*argument) > expr::kMaxDepth) {
      return too_much(argument, inside, "nests too deeply");
    }
    parts_ += parts_of(*argument);
    if (parts_ > kMostParts) return too_much(argument, inside, "is too long");
    return argument;
  }

  static size_t parts_of(const Expression& expression) {
    size_t parts = 1;
    for (const ExpressionPtr& each : expression.arguments) parts += parts_of(*each);
    return parts;
  }
  static int depth_of(const Expression& expression) {
    int deepest = 0;
    for (const ExpressionPtr& each : expression.arguments) {
      deepest = std::max(deepest, depth_of(*each));
    }
    return deepest + 1;
  }

  static Status too_much(const ExpressionPtr& at, const Inside& inside, const char* what) {
    const Place place = inside.function == nullptr ? at->place : inside.place;
    return at_place(place, std::string("the expression ") + what +
                               " with the bodies of the functions that it calls");
  }

  const Catalog& catalog_;
  size_t parts_ = 0;
};

}  // namespace

bool calls_made_functions(const Expression& expression, const Catalog& catalog) {
  if (made_function(expression, catalog) != nullptr) return true;
  return std::ranges::any_of(expression.arguments, [&](const ExpressionPtr& each) {
    return calls_made_functions(*each, catalog);
  });
}

Result<ExpressionPtr> spelt_out(const ExpressionPtr& expression, const Catalog& catalog) {
  if (catalog.functions().empty() || !calls_made_functions(*expression, catalog)) {
    return expression;
  }
  return Speller(catalog).spell(expression, {}, 0);
}

}  // namespace dataflow::sql
