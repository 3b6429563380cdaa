#include "sql_body.h"

#include <algorithm>
#include <utility>

#include "arrow_stream.h"
#include "sql_pages.h"

namespace dataflow::http {
namespace {

using json = nlohmann::ordered_json;

constexpr size_t kRowsAtOnce = 1000;

// The first column of a following query's rows is what became of each.
size_t first_column(const HeldStatement& statement) { return statement.follows() ? 1 : 0; }

std::vector<std::string> changes_in(const Batch& batch) {
  std::vector<std::string> changes;
  for (int64_t row = 0; row < batch.rows; ++row) {
    changes.push_back(value_at(Type::string(), *batch.columns[0], row).to_string());
  }
  return changes;
}

// A body's parts, in the order in which they are asked for.
class RowsWriter {
 public:
  explicit RowsWriter(const HeldStatement& statement) : statement_(statement) {}
  virtual ~RowsWriter() = default;
  virtual Status head(std::string& out) = 0;
  virtual Status rows(const Batch& batch, std::string& out) = 0;
  virtual Status end(const StatementFacts& facts, std::string& out) = 0;
  // False: the format has no words for it.
  virtual bool fail(const Status& status, std::string& out) = 0;

 protected:
  const OutputColumns& columns() const { return *statement_.columns(); }
  size_t from() const { return first_column(statement_); }

 private:
  const HeldStatement& statement_;
};

class JsonWriter final : public RowsWriter {
 public:
  explicit JsonWriter(const HeldStatement& statement)
      : RowsWriter(statement), text_(columns()), follows_(statement.follows()) {}

  Status head(std::string& out) override {
    out += "{\"columns\":" + text_of(columns_of(columns(), from())) + ",\"rows\":[";
    return {};
  }
  // Who follows learns of a row and what became of it at once.
  Status rows(const Batch& batch, std::string& out) override {
    if (batch.rows > 0 && std::exchange(begun_, true)) out += ",\n";
    if (!follows_) return text_.append_json(batch, 0, out);
    const std::vector<std::string> changes = changes_in(batch);
    for (int64_t row = 0; row < batch.rows; ++row) {
      out += row == 0 ? "" : ",\n";
      out += "{\"change\":\"" + changes[static_cast<size_t>(row)] + "\",\"row\":";
      DF_RETURN_IF_ERROR(text_.append_json_row(batch, row, from(), out));
      out += '}';
    }
    return {};
  }
  Status end(const StatementFacts& facts, std::string& out) override {
    out += "],\"state\":\"" + std::string(state_word(facts.state)) +
           "\",\"tag\":" + text_of(facts.tag) + ",\"warnings\":" + text_of(facts.warnings) + "}\n";
    return {};
  }
  bool fail(const Status& status, std::string& out) override {
    out += "],\"state\":\"failed\",\"error\":" + text_of(error_of(status)) + "}\n";
    return true;
  }

 private:
  RowText text_;
  const bool follows_;
  bool begun_ = false;
};

class CsvWriter final : public RowsWriter {
 public:
  explicit CsvWriter(const HeldStatement& statement) : RowsWriter(statement), text_(columns()) {}

  Status head(std::string& out) override {
    out += text_.csv_header();
    return {};
  }
  Status rows(const Batch& batch, std::string& out) override {
    return text_.append_csv(batch, out);
  }
  Status end(const StatementFacts&, std::string&) override { return {}; }
  bool fail(const Status&, std::string&) override { return false; }

 private:
  RowText text_;
};

class ArrowWriter final : public RowsWriter {
 public:
  using RowsWriter::RowsWriter;

  Status head(std::string&) override {
    DF_ASSIGN_OR_RETURN(stream_, ArrowStream::begin(schema_of(columns())));
    return {};
  }
  Status rows(const Batch& batch, std::string& out) override {
    DF_RETURN_IF_ERROR(stream_->add(batch));
    out += stream_->take();
    return {};
  }
  Status end(const StatementFacts&, std::string& out) override {
    DF_RETURN_IF_ERROR(stream_->end());
    out += stream_->take();
    return {};
  }
  bool fail(const Status&, std::string&) override { return false; }

 private:
  std::unique_ptr<ArrowStream> stream_;
};

class EventWriter final : public RowsWriter {
 public:
  explicit EventWriter(const HeldStatement& statement)
      : RowsWriter(statement), text_(columns()), follows_(statement.follows()) {}

  Status head(std::string& out) override {
    event("columns", text_of({{"columns", columns_of(columns(), from())}}), out);
    return {};
  }
  Status rows(const Batch& batch, std::string& out) override {
    if (batch.rows == 0) return {};
    const std::vector<std::string> changes =
        follows_ ? changes_in(batch) : std::vector<std::string>();
    std::string data;
    if (batch.rows == 1) {
      data = follows_ ? "{\"change\":\"" + changes[0] + "\",\"row\":" : "{\"row\":";
      DF_RETURN_IF_ERROR(text_.append_json_row(batch, 0, from(), data));
      data += '}';
      event("row", std::move(data), out);
      return {};
    }
    data = "{\"rows\":[";
    DF_RETURN_IF_ERROR(text_.append_json(batch, from(), data));
    data += ']';
    if (follows_) data += ",\"changes\":" + text_of(changes);
    data += '}';
    event("rows", std::move(data), out);
    return {};
  }
  Status end(const StatementFacts& facts, std::string& out) override {
    event("end", text_of({{"state", state_word(facts.state)}, {"tag", facts.tag}}), out);
    return {};
  }
  bool fail(const Status& status, std::string& out) override {
    event("error", text_of(error_of(status)), out);
    return true;
  }

 private:
  // A line's end in JSON stands between its tokens only.
  static void event(const char* name, std::string data, std::string& out) {
    for (char& c : data) {
      if (c == '\n' || c == '\r') c = ' ';
    }
    out += std::string("event: ") + name + "\ndata: " + data + "\n\n";
  }

  RowText text_;
  const bool follows_;
};

std::unique_ptr<RowsWriter> make_writer(const HeldStatement& statement, RowFormat format) {
  switch (format) {
    case RowFormat::kCsv: return std::make_unique<CsvWriter>(statement);
    case RowFormat::kArrow: return std::make_unique<ArrowWriter>(statement);
    case RowFormat::kEvents: return std::make_unique<EventWriter>(statement);
    case RowFormat::kJson: break;
  }
  return std::make_unique<JsonWriter>(statement);
}

class StreamedRows {
 public:
  StreamedRows(std::shared_ptr<HeldStatement> statement, RowFormat format,
               std::shared_ptr<BodyHolder> holder)
      : statement_(std::move(statement)),
        writer_(make_writer(*statement_, format)),
        holder_(std::move(holder)) {}

  BodyStream::Piece next() {
    BodyStream::Piece piece;
    const Status status = write(piece);
    if (status.ok()) return piece;
    piece.last = true;
    piece.cut = !writer_->fail(status, piece.bytes);
    return piece;
  }
  std::shared_ptr<void> listen(std::function<void()> wake) const {
    return statement_->listen(true, std::move(wake));
  }

 private:
  Status write(BodyStream::Piece& piece) {
    if (!std::exchange(begun_, true)) DF_RETURN_IF_ERROR(writer_->head(piece.bytes));
    DF_ASSIGN_OR_RETURN(const PulledRows pulled, statement_->pull(kRowsAtOnce));
    if (!pulled.rows.empty()) {
      DF_ASSIGN_OR_RETURN(const Batch batch,
                          batch_of(schema_of(*statement_->columns()), pulled.rows));
      std::string bytes;  // a batch that cannot be written leaves nothing of itself
      DF_RETURN_IF_ERROR(writer_->rows(batch, bytes));
      piece.bytes += bytes;
    }
    if (!pulled.end) return {};
    DF_RETURN_IF_ERROR(writer_->end(statement_->facts(), piece.bytes));
    piece.last = true;
    holder_->sent_whole();
    return {};
  }

  const std::shared_ptr<HeldStatement> statement_;
  const std::unique_ptr<RowsWriter> writer_;
  const std::shared_ptr<BodyHolder> holder_;
  bool begun_ = false;
};

void link_next(Response& response, const std::string& next) {
  if (!next.empty()) response.headers["Link"] = "<" + next + ">; rel=\"next\"";
}

// {"columns", "rows", "changes", "next", "state"}
Result<std::string> json_page(const HeldStatement& statement, const ResultPage& page,
                              const std::string& next) {
  const OutputColumns& columns = *statement.columns();
  RowText text(columns);
  std::string body =
      "{\"columns\":" + text_of(columns_of(columns, first_column(statement))) + ",\"rows\":[";
  DF_RETURN_IF_ERROR(text.append_json(page.batch, first_column(statement), body));
  body += ']';
  if (statement.follows()) body += ",\"changes\":" + text_of(changes_in(page.batch));
  if (!next.empty()) body += ",\"next\":" + text_of(next);
  body += ",\"state\":\"" + std::string(state_word(statement.facts().state)) + "\"}\n";
  return body;
}

}  // namespace

Result<Response> page_response(const HeldStatement& statement, const ResultPage& page,
                               RowFormat format, const std::string& next) {
  Response response;
  response.content_type = content_type_of(format);
  link_next(response, next);
  if (format == RowFormat::kJson) {
    DF_ASSIGN_OR_RETURN(response.body, json_page(statement, page, next));
    return response;
  }
  const std::unique_ptr<RowsWriter> writer = make_writer(statement, format);
  std::string head;
  DF_RETURN_IF_ERROR(writer->head(head));
  // Pages of CSV put one behind the other are the whole.
  if (format != RowFormat::kCsv || page.number == 0) response.body += head;
  DF_RETURN_IF_ERROR(writer->rows(page.batch, response.body));
  DF_RETURN_IF_ERROR(writer->end(statement.facts(), response.body));
  return response;
}

Response pending_response(const HeldStatement& statement, RowFormat format,
                          const std::string& next) {
  Response response;
  link_next(response, next);
  if (format == RowFormat::kJson) {
    response.body =
        "{\"columns\":" + text_of(columns_of(*statement.columns(), first_column(statement))) +
        ",\"rows\":[]" + (statement.follows() ? ",\"changes\":[]" : "") +
        ",\"next\":" + text_of(next) + ",\"state\":\"" + state_word(statement.facts().state) +
        "\"}\n";
    return response;
  }
  response.status = 202;
  response.content_type = content_type_of(format);
  return response;
}

Result<Response> stream_response(std::shared_ptr<HeldStatement> statement, RowFormat format,
                                 std::shared_ptr<BodyHolder> holder) {
  const auto rows = std::make_shared<StreamedRows>(std::move(statement), format, std::move(holder));
  Response response;
  response.content_type = content_type_of(format);
  response.stream = std::make_shared<BodyStream>();
  response.stream->next = [rows] { return rows->next(); };
  response.stream->listen = [rows](std::function<void()> wake) {
    return rows->listen(std::move(wake));
  };
  if (format == RowFormat::kEvents) response.stream->idle_bytes = ": nothing new\n\n";
  return response;
}

}  // namespace dataflow::http
