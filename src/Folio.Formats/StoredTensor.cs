namespace Folio.Formats;

/// <summary>A tensor where it lies in its file: nothing is copied.</summary>
public sealed unsafe class StoredTensor
{
    private readonly FileBytes _file;
    private readonly long _offset;

    /// <param name="file">Holds the tensor; its bounds have been checked.</param>
    /// <param name="offset">Of the first byte, from the file's beginning.</param>
    internal StoredTensor(FileBytes file, string name, TensorType type, long[] shape, long offset, long bytes)
    {
        (_file, _offset) = (file, offset);
        (Name, Type, Shape, Bytes) = (name, type, shape, bytes);
    }

    public string Name { get; }

    /// <summary>The name of the file (the shard) that holds the tensor.</summary>
    public string File => _file.Name;

    public TensorType Type { get; }

    /// <summary>Row-major, outermost dimension first, as Hugging Face writes it; GGUF stores the reverse.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The first byte, valid until the file is disposed. Not aligned to anything: safetensors promises no alignment.</summary>
    public byte* Data => _file.Data + _offset;

    /// <summary>Exactly what <see cref="Type"/> and <see cref="Shape"/> need.</summary>
    public long Bytes { get; }

    /// <summary>Gives back the memory that the tensor's bytes take; they can be read again.</summary>
    public void Release() => _file.Release(_offset, Bytes);

    /// <summary>Refuses a tensor whose shape isn't what the model's configuration asks for.</summary>
    /// <param name="source">The file that asks for the shape: config.json.</param>
    /// <returns>This tensor.</returns>
    public StoredTensor ExpectShape(string source, params ReadOnlySpan<long> shape)
    {
        bool equal = Shape.Count == shape.Length;
        for (int i = 0; equal && i < shape.Length; i++) equal = Shape[i] == shape[i];
        if (!equal) throw Problem($"is {Extent.Text(Shape)}; {source} asks for {Extent.Text(shape.ToArray())}.");
        return this;
    }

    /// <summary>Refuses a tensor of a type that no kernel reads.</summary>
    /// <returns>This tensor.</returns>
    public StoredTensor ExpectType(params ReadOnlySpan<TensorType> readable)
    {
        if (readable.Contains(Type)) return this;
        string names = string.Join(", ", readable.ToArray().Select(type => type.Name()));
        throw Problem($"is stored as {Type.Name()}, which can't be used as a weight; these can: {names}.");
    }

    /// <summary>Refuses a tensor of another type than the model's configuration asks for.</summary>
    /// <param name="source">The file that asks for it: config.json.</param>
    /// <param name="types">Any of them will do.</param>
    /// <returns>This tensor.</returns>
    public StoredTensor ExpectType(string source, params ReadOnlySpan<TensorType> types)
    {
        if (types.Contains(Type)) return this;
        throw Problem($"is stored as {Type.Name()}; {source} asks for {string.Join(" or ", types.ToArray().Select(type => type.Name()))}.");
    }

    /// <summary>An error about this tensor: "file: tensor 'name' " and the rest of the sentence.</summary>
    public ModelFormatException Problem(string predicate) => new(File, $"tensor '{Name}' {predicate}");

    public override string ToString() => $"{Name} {Type.Name()} {Extent.Text(Shape)}";
}
