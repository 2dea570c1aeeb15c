using System.Diagnostics.CodeAnalysis;

namespace Folio.Formats;

/// <summary>Named tensors of a checkpoint, mapped into memory and validated: every tensor lies inside its file and overlaps no other.</summary>
public abstract class TensorFile : IDisposable
{
    private readonly List<FileBytes> _files = [];
    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);

    private protected TensorFile(string name) => Name = name;

    /// <summary>The file's name (of shards, their index's), as messages show it.</summary>
    public string Name { get; }

    /// <summary>All tensors, in the file's order.</summary>
    public IReadOnlyCollection<StoredTensor> Tensors => _tensors.Values;

    /// <summary>The files on disk; none where the caller lent the bytes.</summary>
    public IEnumerable<string> Paths => _files.Select(file => file.Path).OfType<string>();

    public bool TryGet(string name, [NotNullWhen(true)] out StoredTensor? tensor) => _tensors.TryGetValue(name, out tensor);

    public StoredTensor Get(string name) =>
        TryGet(name, out StoredTensor? tensor) ? tensor : throw new ModelFormatException(Name, $"tensor '{name}' is missing.");

    public void Dispose()
    {
        foreach (FileBytes file in _files) file.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Takes over a file, to dispose it with this one.</summary>
    private protected void Own(FileBytes file) => _files.Add(file);

    private protected void Add(StoredTensor tensor)
    {
        if (_tensors.TryAdd(tensor.Name, tensor)) return;
        string other = _tensors[tensor.Name].File;
        throw tensor.Problem(other == tensor.File ? "is there twice." : $"is in {other} too.");
    }
}
