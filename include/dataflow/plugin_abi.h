// What crosses between the server and a plug-in: plain structs, and abstract classes whose methods
// take and give plain values and never throw. Nothing of the standard library and no Arrow header
// is in it, so that both sides may be built by other compilers, with other libraries.
//
// Authors use plugin.h, which wraps it. Any change here raises kInterface.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Arrow's C data interface: its own definition, shared with whoever else has it.
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

extern "C" {
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};
}
#endif

namespace dataflow::plugin::abi {

inline constexpr uint64_t kMagic = 0x4e49474c50574644;  // "DFWPLGIN"
inline constexpr uint32_t kInterface = 2;
inline constexpr const char* kSymbol = "dataflow_plugin";

// How virtual tables and structs are laid out.
#if defined(__x86_64__)
inline constexpr const char* kMachine = "x86_64, Itanium C++ ABI";
#elif defined(__aarch64__)
inline constexpr const char* kMachine = "aarch64, Itanium C++ ABI";
#else
#error "plug-ins are for x86_64 and aarch64"
#endif

// Not ended by 0; valid during the call that it is given to.
struct Text {
  const char* data;
  size_t size;
};
struct Option {
  Text name, value;
};
// `type` as SQL writes it: "BIGINT", "TIMESTAMP(3)".
struct Field {
  Text name, type;
  uint8_t nullable;
};

// What a source, sink or operator is made for.
struct Request {
  Text job, node;
  const Option* options;
  size_t option_count;
  const Field* fields;  // of rows that a source is to fill, or that come to a sink or operator
  size_t field_count;
  const Text* keys;
  size_t key_count;
  uint8_t bounded;  // all input ends by itself
};

struct Rows {
  const ArrowArray* columns;  // one struct array; its memory is the server's
  int64_t size;
  const uint8_t* kinds;    // one a row: 0 +I, 1 -U, 2 +U, 3 -D; null: all +I
  const Text* keys;        // one a row; null where the step has no keys
  const uint64_t* hashes;  // of them
};

// Takes texts: the words of an error, a list, a value.
class Texts {
 public:
  virtual void add(Text text) noexcept = 0;

 protected:
  ~Texts() = default;
};

// Methods that can fail return false, having put the words into `error`.
//
// Of the server: takes what an operator makes.
class Output {
 public:
  // Takes `columns` over, whatever it returns. `kinds` as in Rows.
  virtual bool emit(ArrowArray* columns, const uint8_t* kinds, Texts& error) noexcept = 0;

 protected:
  ~Output() = default;
};

// Of the server: keyed state of one operator in one task.
class Table {
 public:
  virtual uint32_t upsert(uint64_t hash, Text key, int64_t number, bool* made) noexcept = 0;
  virtual bool find(uint64_t hash, Text key, int64_t number, uint32_t* row) noexcept = 0;
  virtual void erase(uint32_t row) noexcept = 0;
  virtual void mark_changed(uint32_t row) noexcept = 0;
  virtual Text key(uint32_t row) noexcept = 0;
  virtual uint64_t hash(uint32_t row) noexcept = 0;
  virtual int64_t number(uint32_t row) noexcept = 0;
  virtual size_t size() noexcept = 0;
  // Of a column, indexed by row; moves when rows are made.
  virtual int64_t* ints(size_t column) noexcept = 0;
  virtual double* floats(size_t column) noexcept = 0;
  virtual Text bytes(size_t column, uint32_t row) noexcept = 0;
  virtual void set_bytes(size_t column, uint32_t row, Text value) noexcept = 0;
  virtual void for_each(void (*visit)(void* with, uint32_t row), void* with) noexcept = 0;

 protected:
  ~Table() = default;
};

enum class ValueKind : uint8_t { kInt64 = 1, kFloat64 = 2, kBytes = 4 };
struct TableInfo {
  Text name;
  const ValueKind* columns;
  size_t column_count;
  uint8_t version;
  int64_t ttl_ms;
};

// Of the server: what an operator may ask for.
class Context {
 public:
  virtual int task() noexcept = 0;
  virtual int parallelism() noexcept = 0;
  virtual int64_t now_millis() noexcept = 0;
  virtual Table* table(const TableInfo& info, Texts& error) noexcept = 0;  // null: failed
  // Names and values by turns.
  virtual bool named_state(Texts& out, Texts& error) noexcept = 0;
  virtual void put_named_state(Text name, Text bytes) noexcept = 0;
  virtual void set_timer(int64_t millis) noexcept = 0;
  // Of the rows at hand.
  virtual bool dead_letter(int64_t row, Text field, Text words, Texts& error) noexcept = 0;

 protected:
  ~Context() = default;
};

// Of the plug-in, each ended by release().
class OperatorPart {
 public:
  virtual void release() noexcept = 0;
  virtual bool open(Context& context, Texts& error) noexcept = 0;
  virtual bool on_rows(const Rows& rows, Output& out, Texts& error) noexcept = 0;
  virtual bool on_watermark(int64_t millis, Output& out, Texts& error) noexcept = 0;
  virtual bool on_timer(int64_t millis, Output& out, Texts& error) noexcept = 0;
  virtual bool on_checkpoint(Output& out, Texts& error) noexcept = 0;
  virtual bool on_end(Output& out, Texts& error) noexcept = 0;

 protected:
  ~OperatorPart() = default;
};

enum class Polled : int { kFailed = -1, kRows = 0, kNothingNow = 1, kEnd = 2 };
class ReaderPart {
 public:
  virtual void release() noexcept = 0;
  // kRows fills `columns`, which the server then releases; kNothingNow sets when to ask again.
  virtual Polled read(int64_t most_rows, ArrowArray* columns, int64_t* again_ms,
                      Texts& error) noexcept = 0;
  virtual bool position(Texts& out, Texts& error) noexcept = 0;
  virtual int64_t lag() noexcept = 0;

 protected:
  ~ReaderPart() = default;
};

class SourcePart {
 public:
  virtual void release() noexcept = 0;
  virtual bool bounded() noexcept = 0;
  // Ids and positions by turns.
  virtual bool splits(Texts& out, Texts& error) noexcept = 0;
  virtual ReaderPart* open(Text split, Text position, Texts& error) noexcept = 0;  // null: failed

 protected:
  ~SourcePart() = default;
};

// Of the server: rows that a sink cannot take.
class Faults {
 public:
  virtual void add(int64_t row, Text words) noexcept = 0;

 protected:
  ~Faults() = default;
};

class WriterPart {
 public:
  virtual void release() noexcept = 0;
  virtual bool write(const Rows& rows, Faults& faults, Texts& error) noexcept = 0;
  virtual bool on_end(Texts& error) noexcept = 0;
  virtual bool checkpoint(int64_t id, Texts& committables, Texts& error) noexcept = 0;
  virtual int64_t staged_bytes() noexcept = 0;

 protected:
  ~WriterPart() = default;
};

class SinkPart {
 public:
  virtual void release() noexcept = 0;
  virtual bool exactly_once() noexcept = 0;
  virtual bool takes_updates() noexcept = 0;
  virtual WriterPart* open(int task, Texts& error) noexcept = 0;  // null: failed
  virtual bool commit(int64_t checkpoint, const Text* committables, size_t count, bool again,
                      Texts& error) noexcept = 0;

 protected:
  ~SinkPart() = default;
};

// Of the server: what an operator makes of its input.
class Shape {
 public:
  virtual void add_field(const Field& field) noexcept = 0;
  virtual void set(Text event_time, bool makes_updates, bool takes_updates) noexcept = 0;

 protected:
  ~Shape() = default;
};

// Of the plug-in; stay as long as the process. Null or false: failed.
class SourceFactory {
 public:
  virtual SourcePart* make(const Request& request, Texts& error) noexcept = 0;

 protected:
  ~SourceFactory() = default;
};
class SinkFactory {
 public:
  virtual SinkPart* make(const Request& request, Texts& error) noexcept = 0;

 protected:
  ~SinkFactory() = default;
};
class OperatorFactory {
 public:
  virtual bool describe(const Request& request, Shape& shape, Texts& error) noexcept = 0;
  virtual OperatorPart* make(const Request& request, Texts& error) noexcept = 0;

 protected:
  ~OperatorFactory() = default;
};

// Of the server.
class Registrar {
 public:
  virtual void add_source(Text name, SourceFactory& factory) noexcept = 0;
  virtual void add_sink(Text name, SinkFactory& factory) noexcept = 0;
  virtual void add_operator(Text name, OperatorFactory& factory) noexcept = 0;

 protected:
  ~Registrar() = default;
};

inline constexpr uint32_t kSizes[] = {sizeof(ArrowArray), sizeof(Request), sizeof(Rows),
                                      sizeof(Field),      sizeof(Option),  sizeof(TableInfo)};

// What the symbol `dataflow_plugin`, a function without parameters, returns. The first three
// members keep their places in every version.
struct Plugin {
  uint64_t magic;
  uint32_t interface;
  const char* machine;
  uint32_t sizes[sizeof(kSizes) / sizeof(kSizes[0])];
  const char* name;
  const char* version;
  bool (*add_all)(Registrar& registrar, Texts& error) noexcept;
};

}  // namespace dataflow::plugin::abi
