#include "spec_text.h"

#include "json_writer.h"

namespace dataflow::plan {
namespace {

// An archive that looks at a part's expressions.
class RandomSeeker {
 public:
  bool found() const { return found_; }

  template <class T>
  void required(const char*, const T& value) {
    look(value);
  }
  template <class T>
  void field(const char*, const T& value) {
    look(value);
  }
  template <class T>
  void look(const T& value) {
    if constexpr (requires(RandomSeeker & a) { describe(a, value); }) describe(*this, value);
  }
  void look(const expr::ExpressionPtr& expression) {
    found_ |= expression != nullptr && expr::is_random(*expression);
  }
  template <class T>
  void look(const std::vector<T>& list) {
    for (const T& element : list) look(element);
  }
  template <class T>
  void look(const std::optional<T>& value) {
    if (value) look(*value);
  }

 private:
  bool found_ = false;
};

}  // namespace

std::string spec_text(const Spec& spec) {
  ObjectWriter writer;
  writer.spec(spec);
  return writer.take().dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool draws_at_random(const Spec& spec) {
  RandomSeeker seeker;
  std::visit([&](const auto& of) { seeker.look(of); }, spec);
  return seeker.found();
}

}  // namespace dataflow::plan
