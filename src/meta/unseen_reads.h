// For TSan: reads of memory that RocksDB has written. RocksDB is not instrumented, so what orders
// its writes before our reads is not seen. Every such report would be suppressed, and a report
// takes longer the more there were before it: a test that reads much would take minutes.
#pragma once

#ifdef __SANITIZE_THREAD__
// NOLINTBEGIN(readability-identifier-naming): TSan's own names.
extern "C" void AnnotateIgnoreReadsBegin(const char* file, int line);
extern "C" void AnnotateIgnoreReadsEnd(const char* file, int line);
// NOLINTEND(readability-identifier-naming)
#endif

namespace dataflow::meta {

// While one lives, what this thread reads is no part of any race.
class UnseenReads {
 public:
#ifdef __SANITIZE_THREAD__
  UnseenReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~UnseenReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
#else
  UnseenReads() {}
#endif
  UnseenReads(const UnseenReads&) = delete;
  UnseenReads& operator=(const UnseenReads&) = delete;
};

}  // namespace dataflow::meta
