using Folio.Compute;

namespace Folio.Engine;

/// <summary>How the KV cache may store its numbers, by the names of vLLM's --kv-cache-dtype.</summary>
public static class KvCacheTypes
{
    /// <summary>"auto" is another name of the default, "fp8_e4m3" of the one type of fp8.</summary>
    public static IReadOnlyList<(string Name, DType Type)> Named { get; } =
        [("auto", DType.BF16), ("bfloat16", DType.BF16), ("float16", DType.F16), ("float32", DType.F32), ("int8", DType.I8), ("fp8", DType.F8_E4M3), ("fp8_e4m3", DType.F8_E4M3)];

    /// <summary>A type's own name.</summary>
    public static string NameOf(DType type) => Named.FirstOrDefault(named => named.Type == type && named.Name != "auto").Name ?? type.ToString();

    /// <summary>Throws if a backend's cache can't store its numbers so.</summary>
    public static void Require(DType type, Backend backend)
    {
        if (backend.CacheTypes.Contains(type)) return;
        string[] names = [.. backend.CacheTypes.Select(NameOf)];
        throw new FolioException($"--kv-cache-dtype (KvCacheType) is {NameOf(type)}; on this device {string.Join(", ", names[..^1])} or {names[^1]} was expected.");
    }
}
