namespace Folio.Formats;

/// <summary>model.safetensors.index.json: which shard holds which tensor.</summary>
internal sealed class SafetensorsIndex
{
    private readonly string _file;
    private readonly Dictionary<string, string> _shardOf = new(StringComparer.Ordinal);

    private SafetensorsIndex(ReadOnlySpan<byte> json, string file)
    {
        _file = file;
        Dictionary<string, object?> root = JsonTree.Parse(json, file, uniqueKeys: true);
        if (root.GetValueOrDefault("weight_map") is not Dictionary<string, object?> map || map.Count == 0) throw new ModelFormatException(file, "'weight_map' is missing or empty; it says which shard holds which tensor.");

        foreach ((string tensor, object? value) in map)
        {
            if (value is not string shard || !IsPlainName(shard)) throw Extent.Problem(file, tensor, "is not assigned to a file beside the index.");
            _shardOf.Add(tensor, shard);
        }

        Shards = [.. _shardOf.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    public IReadOnlyList<string> Shards { get; }

    public static SafetensorsIndex Open(string path)
    {
        using FileBytes file = FileBytes.Map(path);
        return Parse(file.Text(JsonTree.MostBytes), file.Name);
    }

    public static SafetensorsIndex Parse(ReadOnlySpan<byte> json, string file) => new(json, file);

    /// <summary>Refuses shards that lack what the index says they hold.</summary>
    public void Check(TensorFile file)
    {
        foreach ((string name, string shard) in _shardOf)
        {
            if (!file.TryGet(name, out StoredTensor? tensor)) throw Extent.Problem(_file, name, $"is said to be in {shard}; it is not.");
            if (tensor.File != shard) throw Extent.Problem(_file, name, $"is said to be in {shard}; it is in {tensor.File}.");
        }
    }

    /// <summary>A file in the same folder: an index must not lead anywhere else.</summary>
    private static bool IsPlainName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal) && name.IndexOfAny(['/', '\\', ':', '\0']) < 0 && name[0] != '.';
}
