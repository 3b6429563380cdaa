#include "cli/sql/exact_json.h"

#include <nlohmann/json.hpp>

namespace dataflow::cli {
namespace {

class Builder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(number_integer_t value) { return put(Document(int64_t{value})); }
  bool number_unsigned(number_unsigned_t value) {
    if (value <= static_cast<uint64_t>(INT64_MAX)) return put(static_cast<int64_t>(value));
    return put(Document::Raw{std::to_string(value)});
  }
  bool number_float(number_float_t, const string_t& text) { return put(Document::Raw{text}); }
  bool string(string_t& text) { return put(Document(std::move(text))); }
  bool binary(binary_t&) { return false; }
  bool key(string_t& name) {
    names_.push_back(std::move(name));
    return true;
  }
  bool start_object(size_t) {
    open_.push_back(Document::object());
    return true;
  }
  bool start_array(size_t) {
    open_.push_back(Document::array());
    return true;
  }
  bool end_object() { return end(); }
  bool end_array() { return end(); }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception& error) {
    error_ = error.what();
    return false;
  }

  Document take() { return std::move(whole_); }
  const std::string& error() const { return error_; }

 private:
  bool end() {
    Document done = std::move(open_.back());
    open_.pop_back();
    return put(std::move(done));
  }
  bool put(Document value) {
    if (open_.empty()) {
      whole_ = std::move(value);
    } else if (open_.back().is_array()) {
      open_.back().push(std::move(value));
    } else {
      open_.back().put(std::move(names_.back()), std::move(value));
      names_.pop_back();
    }
    return true;
  }

  Document whole_;
  std::vector<Document> open_;
  std::vector<std::string> names_;
  std::string error_;
};

}  // namespace

Result<Document> parse_exact_json(std::string_view text) {
  Builder builder;
  if (nlohmann::json::sax_parse(text, &builder)) return builder.take();
  return Status::invalid("this is not JSON: " + builder.error());
}

}  // namespace dataflow::cli
