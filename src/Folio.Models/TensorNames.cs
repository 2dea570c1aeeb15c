using Folio.Formats;

namespace Folio.Models;

/// <summary>How a family of checkpoints names its tensors: role → name without the ending .weight or .bias; {layer} stands for the layer's number.</summary>
internal sealed record TensorNames
{
    private readonly Dictionary<Role, string> _stems;

    public TensorNames(params ReadOnlySpan<(Role Role, string Stem)> stems)
    {
        _stems = [];
        foreach ((Role role, string stem) in stems) _stems.Add(role, stem);
    }

    /// <summary>A first part of names that some checkpoints leave out: those saved without a head.</summary>
    public string OptionalPrefix { get; init; } = "";

    /// <summary>Roles whose matrices are stored as [inputs, outputs].</summary>
    public IReadOnlyList<Role> Transposed { get; init; } = [];

    public bool Has(Role role) => _stems.ContainsKey(role);

    /// <summary>The name of a role's tensors without their endings.</summary>
    public string Of(Role role, int layer) => _stems[role].Replace("{layer}", layer.ToString());

    /// <summary>The name of a role's tensor.</summary>
    /// <param name="ending">weight or bias.</param>
    public string Of(Role role, int layer, string ending) => $"{Of(role, layer)}.{ending}";

    /// <summary>These names and some more.</summary>
    public TensorNames With(params ReadOnlySpan<(Role Role, string Stem)> stems) =>
        new([.. _stems.Select(pair => (pair.Key, pair.Value)), .. stems]) { OptionalPrefix = OptionalPrefix, Transposed = Transposed };

    /// <summary>These names as a file has them: with the optional prefix or without it.</summary>
    public TensorNames AsIn(TensorFile file)
    {
        if (file.TryGet(Of(Role.TokenEmbedding, 0, "weight"), out _)) return this;
        TensorNames bare = new([.. _stems.Select(pair => (pair.Key, Bare(pair.Value)))]) { Transposed = Transposed };
        return file.TryGet(bare.Of(Role.TokenEmbedding, 0, "weight"), out _) ? bare : this;
    }

    private string Bare(string stem) => stem.StartsWith(OptionalPrefix) ? stem[OptionalPrefix.Length..] : stem;
}
