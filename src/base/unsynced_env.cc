#include "base/unsynced_env.h"

#include <utility>

namespace dataflow {
namespace {

class UnsyncedFile final : public File {
 public:
  explicit UnsyncedFile(std::unique_ptr<File> file) : file_(std::move(file)) {}

  Result<size_t> read_at(uint64_t position, std::span<char> out) override {
    return file_->read_at(position, out);
  }
  Status write_at(uint64_t position, std::string_view data) override {
    return file_->write_at(position, data);
  }
  Status write_parts_at(uint64_t position, std::span<const std::string_view> parts) override {
    return file_->write_parts_at(position, parts);
  }
  Status sync() override { return {}; }
  Status truncate(uint64_t size) override { return file_->truncate(size); }
  Result<uint64_t> size() override { return file_->size(); }
  void forget_cached(uint64_t from, uint64_t to) override { file_->forget_cached(from, to); }
  int descriptor() const override { return file_->descriptor(); }

 private:
  const std::unique_ptr<File> file_;
};

class UnsyncedEnv final : public Env {
 public:
  explicit UnsyncedEnv(Env& env) : env_(env) {}

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    DF_ASSIGN_OR_RETURN(std::unique_ptr<File> file, env_.open(path, mode));
    return std::unique_ptr<File>(std::make_unique<UnsyncedFile>(std::move(file)));
  }
  bool exists(const std::string& path) override { return env_.exists(path); }
  Result<uint64_t> file_size(const std::string& path) override { return env_.file_size(path); }
  Status remove_file(const std::string& path) override { return env_.remove_file(path); }
  Status rename(const std::string& from, const std::string& to) override {
    return env_.rename(from, to);
  }
  Status link(const std::string& from, const std::string& to) override {
    return env_.link(from, to);
  }
  Status create_dirs(const std::string& path) override { return env_.create_dirs(path); }
  Result<std::vector<DirEntry>> list_dir(const std::string& path) override {
    return env_.list_dir(path);
  }
  Status remove_tree(const std::string& path) override { return env_.remove_tree(path); }
  Status sync_dir(const std::string&) override { return {}; }
  Result<uint64_t> free_bytes(const std::string& path) override { return env_.free_bytes(path); }
  Result<std::unique_ptr<FileLock>> lock(const std::string& path,
                                         std::string_view holder) override {
    return env_.lock(path, holder);
  }
  Timestamp now() override { return env_.now(); }
  int64_t monotonic_nanos() override { return env_.monotonic_nanos(); }
  void fill_random(std::span<char> out) override { env_.fill_random(out); }

 private:
  Env& env_;
};

}  // namespace

std::unique_ptr<Env> make_unsynced_env(Env& env) { return std::make_unique<UnsyncedEnv>(env); }

}  // namespace dataflow
