// PostgreSQL's advisory locks: numbers that sessions hold, each one alone or, shared, with others.
// Of this server's PostgreSQL clients, and gone with it. Thread-safe.
#pragma once

#include <chrono>
#include <compare>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

namespace dataflow::postgres {

class AdvisoryLocks {
 public:
  struct Key {
    bool pair = false;  // two numbers of 32 bits are no one of 64
    int64_t number = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct Wanted {
    uint32_t owner = 0;  // a session's number
    Key key;
    bool shared = false;
    bool transaction = false;  // until its transaction ends
  };
  enum class Got : uint8_t {
    kHeld,    // once more
    kNotYet,  // others hold it
    kNever,   // who holds it waits for this one
  };
  // Waits so long at most; without time nobody is said to wait.
  Got take(const Wanted& wanted, std::chrono::milliseconds within);
  // One of the session's, which was taken so; false: there is none.
  bool release(uint32_t owner, const Key& key, bool shared);
  void release_all(uint32_t owner);
  void end_transaction(uint32_t owner);
  // The session has gone.
  void leave(uint32_t owner);

 private:
  struct Held {
    uint32_t owner;
    bool shared;
    bool transaction;
  };
  bool is_free(const Wanted& wanted) const;
  bool waits_for(const Wanted& wanted, uint32_t owner, size_t depth) const;
  template <class Which>
  void erase(const Which& which);

  mutable std::mutex mutex_;
  std::condition_variable released_;
  std::map<Key, std::vector<Held>> held_;
  std::map<uint32_t, Wanted> waiting_;  // by owner
};

}  // namespace dataflow::postgres
