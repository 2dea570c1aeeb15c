namespace Folio.Paper;

/// <summary>docs/paper/README.md: its words are written by hand; the tables and numbers between marks are made anew, and so are the pictures beside it.</summary>
internal sealed class Page(string repository)
{
    private readonly string _folder = Path.Combine(repository, "docs", "paper");
    private readonly string _path = Path.Combine(repository, "docs", "paper", "README.md");

    /// <summary>The folder of Folio.slnx.</summary>
    public string Repository => repository;

    /// <summary>Puts a table between &lt;!-- name --&gt; and &lt;!-- /name --&gt;.</summary>
    public void Table(string name, MarkdownTable table) => Replace(name, $"\n\n{table}\n");

    /// <summary>Puts a number between such marks, within a line.</summary>
    public void Number(string name, string number) => Replace(name, number);

    private void Replace(string name, string content)
    {
        string begin = $"<!-- {name} -->", end = $"<!-- /{name} -->", text = File.ReadAllText(_path);
        int from = text.IndexOf(begin, StringComparison.Ordinal), to = text.IndexOf(end, StringComparison.Ordinal);
        if (from < 0 || to < from) throw new FolioException($"{_path}: the marks {begin} and {end} are expected.");
        File.WriteAllText(_path, $"{text[..(from + begin.Length)]}{content}{text[to..]}");
    }

    public void Picture(string name, string svg) => File.WriteAllText(Path.Combine(_folder, $"{name}.svg"), svg);
}
