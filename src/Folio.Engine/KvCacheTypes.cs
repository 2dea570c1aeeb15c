using Folio.Compute;

namespace Folio.Engine;

/// <summary>How the KV cache may store its numbers, by the names of vLLM's --kv-cache-dtype.</summary>
public static class KvCacheTypes
{
    /// <summary>"auto" is another name of the default, "fp8" of the one type of fp8.</summary>
    public static IReadOnlyList<(string Name, DType Type)> Named { get; } =
        [("auto", DType.BF16), ("bfloat16", DType.BF16), ("float16", DType.F16), ("float32", DType.F32), ("int8", DType.I8), ("fp8", DType.F8_E4M3), ("fp8_e4m3", DType.F8_E4M3)];

    /// <summary>A type's own name.</summary>
    public static string NameOf(DType type) => Named.Last(named => named.Type == type).Name;
}
