// Source: where rows come from. A connector implements these; the engine calls them.
//
// A source has splits (partitions, files), each read in its own order by one SplitReader of one
// task. A reader hands out chunks of undecoded bytes; a ChunkDecoder makes rows of them. Reading
// and decoding are apart so that the chunks of one split can be decoded by several tasks.
//
// Watermarks, idleness, the choice among splits and the checkpoint are the engine's: a reader only
// says where it stands.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "types/batch.h"

namespace dataflow::engine {

struct Split {
  std::string id;        // stable over restarts: state is kept under it
  std::string position;  // where to start if there is no state: the connector's own words
};

// A run of undecoded rows of one split.
struct Chunk {
  std::shared_ptr<const void> holder;  // keeps `bytes` alive
  std::string_view bytes;              // format::kPayloadPadding readable bytes stand behind it
  int64_t first_offset = 0;            // the first row's, in the split
};

enum class Polled : uint8_t {
  kMore,  // a chunk was filled
  kIdle,  // nothing now; there may be more later
  kEnd,   // nothing ever again
};

// Used by one task at a time. Nothing here blocks for other than a read from the disk.
class SplitReader {
 public:
  virtual ~SplitReader() = default;

  virtual Result<Polled> poll(Chunk& chunk) = 0;
  // After kIdle: `wake` is called once, from any thread, when poll() may have more. It may be
  // called at once. A later call replaces it.
  virtual void wake_when_ready(std::function<void()> wake) = 0;
  // Behind the last chunk that poll() gave: a reader opened there goes on with the next row.
  virtual std::string position() const = 0;
  // How many rows (or bytes, by the source's own unit) are there that poll() has not given yet.
  virtual int64_t lag() const = 0;
};

// A record or line that could not be decoded.
struct SourceFault {
  int64_t offset = 0;
  std::string field;
  std::string reason;
  std::string payload;  // its beginning at least
};

// Rows of one chunk, in order.
struct DecodedRows {
  Batch batch;
  std::vector<int64_t> offsets;  // one a row, rising
};

// One a task. Keeps its memory between chunks.
class ChunkDecoder {
 public:
  virtual ~ChunkDecoder() = default;
  // Every row of the chunk is in `rows` or in `faults`.
  virtual Status decode(const Split& split, const Chunk& chunk, DecodedRows& rows,
                        std::vector<SourceFault>& faults) = 0;
};

// One a source node of a job; thread-safe.
class Source {
 public:
  virtual ~Source() = default;

  // Of what decode() makes: the columns of plan::schema_read(), or all of the schema for a source
  // that cannot leave any out.
  virtual SchemaPtr schema() const = 0;
  // Ends by itself (a file that is read once).
  virtual bool bounded() const = 0;
  // A split's batches end, and its watermark moves, where an offset passes a multiple of this. 0:
  // offsets count rows, and the engine chooses. A source whose offsets are bytes says how many of
  // them make a batch.
  virtual int64_t offsets_per_batch() const { return 0; }
  // The splits there are now. Asked again every now and then for new ones, unless bounded.
  virtual Result<std::vector<Split>> splits() = 0;
  // `split.position` is where to start, of a checkpoint or of splits().
  virtual Result<std::unique_ptr<SplitReader>> open(const Split& split) = 0;
  virtual Result<std::unique_ptr<ChunkDecoder>> make_decoder() = 0;
  // A checkpoint with these positions is durable: for sources that show their progress elsewhere (a
  // group's offsets). Must not block.
  virtual void on_checkpoint(const std::vector<Split>& positions) = 0;
};

}  // namespace dataflow::engine
