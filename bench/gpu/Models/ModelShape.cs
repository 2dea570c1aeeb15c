namespace Folio.GpuBench;

/// <summary>The sizes of a decoder like Llama.</summary>
internal sealed record ModelShape(int Layers, int Hidden, int Heads, int KvHeads, int HeadDim, int FeedForward, int Vocabulary, int Context)
{
    public static ModelShape Llama8B { get; } = new(32, 4096, 32, 8, 128, 14336, 128256, 131072);

    /// <summary>For an emulated card; heads as those of the tests' models, whose kernels are compiled already.</summary>
    public static ModelShape Tiny { get; } = new(2, 64, 4, 2, 16, 128, 256, 1024);

    public static ModelShape Of(Options options) => options.Size(Llama8B, Tiny);

    /// <summary>The products of a layer: their names, outputs and inputs.</summary>
    public (string Name, int Outputs, int Inputs)[] Products =>
    [
        ("query, key and value", (Heads + 2 * KvHeads) * HeadDim, Hidden),
        ("attention's output", Hidden, Heads * HeadDim),
        ("gate and up", 2 * FeedForward, Hidden),
        ("down", Hidden, FeedForward),
    ];

    public override string ToString() => $"{Layers} layers of {Hidden}, {Heads} heads of {HeadDim} on {KvHeads}, vocabulary of {Vocabulary}";
}
