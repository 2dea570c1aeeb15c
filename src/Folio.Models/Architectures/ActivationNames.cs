using Folio.Compute;
using Folio.Formats;

namespace Folio.Models;

/// <summary>transformers' names of activation functions (activations.py).</summary>
internal static class ActivationNames
{
    private static readonly (string Name, Activation Activation)[] Known =
    [
        ("silu", Activation.Silu), ("swish", Activation.Silu), ("relu", Activation.Relu), ("gelu", Activation.Gelu),
        ("gelu_new", Activation.GeluTanh), ("gelu_fast", Activation.GeluTanh), ("gelu_pytorch_tanh", Activation.GeluTanh),
    ];

    /// <param name="usual">The architecture's own, where the config names none.</param>
    public static Activation Of(ModelConfig config, string usual)
    {
        string name = config.Activation ?? usual;
        foreach ((string known, Activation activation) in Known) if (known == name) return activation;
        throw new ModelFormatException(config.File, $"the activation '{name}' is not supported; these are: {string.Join(", ", Known.Select(known => known.Name))}.");
    }
}
