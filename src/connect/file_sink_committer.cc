// The file sink's committer: gives staged files their names.
//
// Its named state holds the files that are still written to, with the bytes that belong to the
// checkpoint. A restart goes on with none of them: each is cut to those bytes and gets its name.
#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "base/durable_dirs.h"
#include "base/logger.h"
#include "file_committable.h"
#include "file_sink.h"

namespace dataflow::connect {
namespace {

constexpr const char* kRunState = "run";
constexpr const char* kOpenState = "open";

class FileSinkCommitter final : public engine::SinkCommitter {
 public:
  FileSinkCommitter(Env& env, std::shared_ptr<const FileSinkSpec> spec)
      : env_(env), spec_(std::move(spec)) {}
  ~FileSinkCommitter() override;

  Status restore(const std::map<std::string, std::string>& named_state) override;
  Status prepare(engine::CheckpointId id, std::vector<std::string>& committables,
                 std::map<std::string, std::string>& named_state) override;
  Status commit(engine::CheckpointId id, const std::vector<std::string>& committables,
                bool after_restart) override;

 private:
  std::string path_of(const std::string& name) const { return spec_->folder + "/" + name; }
  std::string new_name(engine::CheckpointId id, int writer, int number) const;
  std::string new_run() const;
  // No error if it was done before; true if it was done now.
  Status show(const StagedFile& file);
  Status show_all(const std::vector<StagedFile>& files);
  std::vector<StagedFile> open_files() const;

  Env& env_;
  std::shared_ptr<const FileSinkSpec> spec_;
  // In every name, so that a job that is begun anew does not write over the files of the old one.
  std::string run_;
  std::map<int, std::vector<StagedFile>> open_;  // by writer, as of the last prepare()
  bool settled_ = false;                         // the checkpoint of `open_` is known to be durable
};

std::string FileSinkCommitter::new_run() const {
  uint32_t random = 0;
  env_.fill_random(std::span(reinterpret_cast<char*>(&random), sizeof random));
  char text[16];
  std::snprintf(text, sizeof text, "%08x", random);
  return text;
}

std::string FileSinkCommitter::new_name(engine::CheckpointId id, int writer, int number) const {
  char text[96];
  std::snprintf(text, sizeof text, "-%08lld-%d-%d", static_cast<long long>(id.value()), writer,
                number);
  return "part-" + run_ + text + spec_->suffix;
}

std::vector<StagedFile> FileSinkCommitter::open_files() const {
  std::vector<StagedFile> files;
  for (const auto& [writer, of_writer] : open_) {
    files.insert(files.end(), of_writer.begin(), of_writer.end());
  }
  return files;
}

Status FileSinkCommitter::show(const StagedFile& file) {
  const std::string staged = path_of(file.staged);
  const std::string shown = path_of(file.final);
  if (!env_.exists(staged)) {
    if (!env_.exists(shown)) {
      // It had its name once, or there would be the staged one.
      log_warn("a file of a sink is not there any more",
               {{"sink", spec_->where}, {"file", shown}, {"bytes", file.bytes}});
    }
    return {};
  }
  if (env_.exists(shown)) {
    return Status::conflict("the file `" + shown + "` is there already, and is not this job's");
  }
  DF_ASSIGN_OR_RETURN(const uint64_t size, env_.file_size(staged));
  if (size < file.bytes) {
    return Status::corrupt("the staged file `" + staged + "` has " + std::to_string(size) +
                           " bytes, of which " + std::to_string(file.bytes) + " were on disk");
  }
  if (const size_t name = file.final.rfind('/'); name != std::string::npos) {
    DF_RETURN_IF_ERROR(create_dirs_durably(env_, path_of(file.final.substr(0, name))));
  }
  if (size > file.bytes) {
    DF_ASSIGN_OR_RETURN(const std::unique_ptr<File> open, env_.open(staged, OpenMode::kReadWrite));
    DF_RETURN_IF_ERROR(open->truncate(file.bytes));
    DF_RETURN_IF_ERROR(open->sync());
  }
  return env_.rename(staged, shown);
}

Status FileSinkCommitter::show_all(const std::vector<StagedFile>& files) {
  for (const StagedFile& file : files) {
    DF_RETURN_IF_ERROR(show(file).with_context(spec_->where));
  }
  // Also where the names were there: whoever gave them may have ended before this.
  std::set<std::string> folders;
  for (const StagedFile& file : files) {
    if (!env_.exists(path_of(file.final))) continue;  // taken away, maybe with its folder
    const size_t name = file.final.rfind('/');
    folders.insert(name == std::string::npos ? spec_->folder : path_of(file.final.substr(0, name)));
  }
  if (!files.empty()) folders.insert(spec_->folder);
  for (const std::string& folder : folders) {
    DF_RETURN_IF_ERROR(env_.sync_dir(folder).with_context(spec_->where));
  }
  return {};
}

Status FileSinkCommitter::restore(const std::map<std::string, std::string>& named_state) {
  const auto run = named_state.find(kRunState);
  run_ = run == named_state.end() ? new_run() : run->second;
  const auto open = named_state.find(kOpenState);
  if (open == named_state.end()) return {};
  // Its files are listed as those that are done.
  DF_ASSIGN_OR_RETURN(const FileCommittable files, decode_file_committable(open->second));
  return show_all(files.done);
}

Status FileSinkCommitter::prepare(engine::CheckpointId id, std::vector<std::string>& committables,
                                  std::map<std::string, std::string>& named_state) {
  settled_ = false;
  int number = 0;
  for (std::string& bytes : committables) {
    DF_ASSIGN_OR_RETURN(FileCommittable part, decode_file_committable(bytes));
    std::vector<StagedFile>& open = open_[part.writer];
    const auto name = [&](StagedFile& file) {
      const auto known = std::ranges::find(open, file.staged, &StagedFile::staged);
      if (known != open.end()) {
        file.final = known->final;
      } else {
        file.final.replace(file.final.size() - 1, 1, new_name(id, part.writer, ++number));
      }
    };
    for (StagedFile& file : part.done) name(file);
    for (StagedFile& file : part.open) name(file);
    bytes = encode_file_committable(part);
    open = std::move(part.open);
  }
  FileCommittable open;
  open.done = open_files();
  named_state[kOpenState] = encode_file_committable(open);
  named_state[kRunState] = run_;
  return {};
}

Status FileSinkCommitter::commit(engine::CheckpointId /*id*/,
                                 const std::vector<std::string>& committables, bool after_restart) {
  std::vector<StagedFile> done;
  for (const std::string& bytes : committables) {
    DF_ASSIGN_OR_RETURN(FileCommittable part, decode_file_committable(bytes));
    std::move(part.done.begin(), part.done.end(), std::back_inserter(done));
  }
  DF_RETURN_IF_ERROR(show_all(done));
  settled_ = !after_restart;
  return {};
}

// The job has stopped: nobody writes any more, and what its last checkpoint holds need not wait
// for the next start to be seen. Where it is not known which checkpoint was the last, the next
// start knows.
FileSinkCommitter::~FileSinkCommitter() {
  if (!settled_) return;
  const Status shown = show_all(open_files());
  if (!shown.ok()) {
    log_warn("files are shown only when the job is started again",
             {{"sink", spec_->where}, {"why", shown.message()}});
  }
}

}  // namespace

std::unique_ptr<engine::SinkCommitter> make_file_sink_committer(
    Env& env, std::shared_ptr<const FileSinkSpec> spec) {
  return std::make_unique<FileSinkCommitter>(env, std::move(spec));
}

}  // namespace dataflow::connect
