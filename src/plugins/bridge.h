// What of ours becomes what crosses to a plug-in, and back.
#pragma once

#include <dataflow/plugin_abi.h>

#include <string>
#include <string_view>
#include <vector>

#include "engine/connectors.h"
#include "types/batch.h"

namespace arrow {
class Schema;
}

namespace dataflow::plugins {

namespace abi = plugin::abi;

inline abi::Text to_abi(std::string_view text) { return {text.data(), text.size()}; }
inline std::string from_abi(abi::Text text) { return std::string(text.data, text.size); }

class TextList final : public abi::Texts {
 public:
  void add(abi::Text text) noexcept override { all.push_back(from_abi(text)); }
  // The first one, as words of an error.
  std::string words() const { return all.empty() ? "it fails without words" : all.front(); }
  std::vector<std::string> all;
};

// Ends a part of a plug-in.
struct Release {
  template <class Part>
  void operator()(Part* part) const {
    part->release();
  }
};

// Keeps what an abi::Request points to.
class RequestParts {
 public:
  RequestParts(const engine::ConnectorContext& context, const plan::Options& options,
               const Schema& schema, const std::vector<std::string>& keys);
  RequestParts(const RequestParts&) = delete;
  RequestParts& operator=(const RequestParts&) = delete;
  const abi::Request& request() const { return request_; }

 private:
  std::vector<std::string> types_;
  std::vector<abi::Field> fields_;
  std::vector<abi::Option> options_;
  std::vector<abi::Text> keys_;
  abi::Request request_{};
};

std::shared_ptr<arrow::Schema> arrow_schema_of(const Schema& schema);

// Holds a batch in the form in which it crosses.
class SentRows {
 public:
  explicit SentRows(SchemaPtr schema);
  ~SentRows();
  SentRows(const SentRows&) = delete;
  SentRows& operator=(const SentRows&) = delete;

  // Shares the columns' memory. Valid until the next one.
  Status set(const Batch& batch);
  const abi::Rows& rows() const { return rows_; }
  abi::Rows& rows() { return rows_; }

 private:
  void clear();

  const std::shared_ptr<arrow::Schema> schema_;
  ArrowArray columns_{};
  abi::Rows rows_{};
};

// Takes them over, whatever it returns. kInvalid if they do not have the schema.
Result<Batch> take_rows(ArrowArray* columns, const uint8_t* kinds, const SchemaPtr& schema,
                        const std::shared_ptr<arrow::Schema>& arrow_schema);

}  // namespace dataflow::plugins
