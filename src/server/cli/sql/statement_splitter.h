// Cuts SQL into its statements without understanding them, so that a script may be longer than
// memory and a statement may be written over many lines.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dataflow::cli {

struct ScriptPart {
  std::string text;      // without its `;`, and without blanks around it
  bool command = false;  // a line of the shell's own, which begins with `\`
  bool ended = true;     // by its `;`; a command is always
  size_t line = 1;       // where it begins in all that was added
  size_t column = 1;     // in characters
};

// Knows strings, quoted names, comments and statement sets (`EXECUTE STATEMENT SET BEGIN … END;`),
// as the server's parser does.
class StatementSplitter {
 public:
  void add(std::string_view text);
  // The next one that is there whole.
  std::optional<ScriptPart> next();
  // Nothing more comes: the next one, at last what stands behind the last `;`.
  std::optional<ScriptPart> rest();

  // What the text so far stands in, once next() gives nothing more: a quote (' " `), `*` in a
  // comment, `S` in a statement set, `-` in a statement, 0 between statements.
  char open() const;

 private:
  enum class In : char { kText, kLineComment, kComment, kQuotes };

  char at(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  bool scan();  // to the end of a statement: true there
  // Each at the place: false, more text is needed to tell.
  bool step_text();
  bool step_comment();
  void step_word();
  void begin_at(size_t place);
  ScriptPart take(size_t to, size_t behind, bool command, bool ended);
  void count_to(size_t place);
  void forget_words();

  std::string text_;
  size_t at_ = 0;       // looked at up to here
  size_t from_ = 0;     // the statement's first byte, once it has begun
  size_t counted_ = 0;  // lines are counted up to here
  size_t line_ = 1;
  size_t column_ = 1;
  size_t from_line_ = 1;
  size_t from_column_ = 1;
  bool begun_ = false;
  bool finished_ = false;
  In in_ = In::kText;
  char quote_ = 0;
  bool ends_ = false;  // the byte at at_ is the statement's `;` or the command's line end

  // The first words, as long as nothing else has come: what makes a statement set.
  std::string words_[3];
  bool only_words_ = true;
  bool in_set_ = false;
  bool fresh_in_set_ = false;  // behind a `;` or BEGIN of the set
  bool set_ended_ = false;
};

}  // namespace dataflow::cli
