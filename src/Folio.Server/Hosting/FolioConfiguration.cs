using System.Globalization;
using Folio.Compute.Cpu;
using Folio.Engine;
using Folio.Formats;
using Microsoft.Extensions.Configuration;

namespace Folio.Server;

/// <summary>A section of an application's configuration as Folio's options. A key that isn't known is an error: it was meant to change something.</summary>
/// <remarks>Names are those of the options, flat; sizes may have a unit (<c>4GiB</c>), times are seconds. Written out, since binding by reflection can't be compiled ahead.</remarks>
internal static class FolioConfiguration
{
    private static readonly SortedDictionary<string, Action<FolioOptions, IConfigurationSection>> s_keys = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Model"] = (options, value) => options.Model = Text(value),
        ["Revision"] = (options, value) => options.Revision = Text(value),
        ["LoadInBackground"] = (options, value) => options.LoadInBackground = Flag(value),
        ["Device"] = (options, value) => options.Device = options.Device with { Name = DeviceOptions.IsName(Text(value)) ? Text(value) : throw Expected(DeviceOptions.Names, value) },
        ["Threads"] = (options, value) => options.Device = options.Device with { Threads = Integer(value) },
        ["Activations"] = (options, value) => options.Device = options.Device with { Activations = OneOf<CpuActivations>(value) },
        ["GpuMemoryUtilization"] = (options, value) => options.Device = options.Device with { Cuda = options.Device.Cuda with { GpuMemoryUtilization = Number(value) } },
        ["Dtype"] = (options, value) => options.Device = options.Device with { Cuda = options.Device.Cuda with { Dtype = Named(value, DeviceOptions.ProductTypes) } },
        ["Deterministic"] = (options, value) => options.Device = options.Device with { Cuda = options.Device.Cuda with { IsDeterministic = Flag(value) } },
        ["EnforceEager"] = (options, value) => options.Device = options.Device with { Cuda = options.Device.Cuda with { EnforceEager = Flag(value) } },

        ["MaxModelLen"] = (options, value) => options.Engine = options.Engine with { MaxModelLen = Integer(value) },
        ["MaxNumSeqs"] = (options, value) => options.Engine = options.Engine with { MaxNumSeqs = Integer(value) },
        ["MaxNumBatchedTokens"] = (options, value) => options.Engine = options.Engine with { MaxNumBatchedTokens = Integer(value) },
        ["KvCacheMemory"] = (options, value) => options.Engine = options.Engine with { KvCacheMemory = Size(value) },
        ["NumBlocks"] = (options, value) => options.Engine = options.Engine with { NumBlocks = Integer(value) },
        ["BlockSize"] = (options, value) => options.Engine = options.Engine with { BlockSize = Integer(value) },
        ["KvCacheType"] = (options, value) => options.Engine = options.Engine with { KvCacheType = Named(value, KvCacheTypes.Named) },
        ["MaxLogprobs"] = (options, value) => options.Engine = options.Engine with { MaxLogprobs = Integer(value) },
        ["Pooling"] = (options, value) => options.Engine = options.Engine with { Pooling = OneOf<PoolingKind>(value) },
        ["SchedulingPolicy"] = (options, value) => options.Engine = options.Engine with { SchedulingPolicy = OneOf<SchedulingPolicy>(value) },
        ["MaxPrefillStall"] = (options, value) => options.Engine = options.Engine with { MaxPrefillStall = Seconds(value) },
        ["MaxWaitingRequests"] = (options, value) => options.Engine = options.Engine with { MaxWaitingRequests = Integer(value) },
        ["MaxWaitingTokens"] = (options, value) => options.Engine = options.Engine with { MaxWaitingTokens = Integer(value) },
        ["EnablePrefixCaching"] = (options, value) => options.Engine = options.Engine with { EnablePrefixCaching = Flag(value) },
        ["PreemptionMode"] = (options, value) => options.Engine = options.Engine with { PreemptionMode = OneOf<PreemptionMode>(value) },
        ["SwapSpace"] = (options, value) => options.Engine = options.Engine with { SwapSpace = Size(value) },
        ["SwapDirectory"] = (options, value) => options.Engine = options.Engine with { SwapDirectory = Text(value) },
        ["DiskSwapSpace"] = (options, value) => options.Engine = options.Engine with { DiskSwapSpace = Size(value) },
        ["PrefixCacheDirectory"] = (options, value) => options.Engine = options.Engine with { PrefixCacheDirectory = Text(value) },
        ["PrefixCacheDiskSpace"] = (options, value) => options.Engine = options.Engine with { PrefixCacheDiskSpace = Size(value) },
        ["WatchdogTimeout"] = (options, value) => options.Engine = options.Engine with { WatchdogTimeout = Seconds(value) },

        ["ServedModelNames"] = (options, value) => options.Api = options.Api with { ServedModelNames = Texts(value) },
        ["ChatTemplateFile"] = (options, value) => options.Api = options.Api with { ChatTemplate = ChatTemplateFile.Read(Text(value)) },
        ["TrustRequestChatTemplate"] = (options, value) => options.Api = options.Api with { TrustRequestChatTemplate = Flag(value) },
        ["ToolCallParser"] = (options, value) => options.Api = options.Api with { ToolCallParser = Text(value) },
        ["ReasoningParser"] = (options, value) => options.Api = options.Api with { ReasoningParser = Text(value) },
        ["SharePrefixCache"] = (options, value) => options.Api = options.Api with { SharePrefixCache = Flag(value) },
        ["ApiKeys"] = (options, value) => options.Api = options.Api with { ApiKeys = Texts(value) },
        ["ApiKeyFile"] = (options, value) =>
        {
            var file = KeyFile.Read(Text(value));
            options.Api = options.Api with { TenantKeys = file.Keys, TenantLimits = file.Limits };
        },
        ["AllowedOrigins"] = (options, value) => options.Api = options.Api with { AllowedOrigins = Texts(value) },
        ["MaxStoredResponses"] = (options, value) => options.Api = options.Api with { MaxStoredResponses = Integer(value) },
        ["MaxStoredResponseBytes"] = (options, value) => options.Api = options.Api with { MaxStoredResponseBytes = Size(value) },
        ["MaxRequestBodyBytes"] = (options, value) => options.Api = options.Api with { MaxRequestBodyBytes = Size(value) },
        ["RequestTimeout"] = (options, value) => options.Api = options.Api with { RequestTimeout = Seconds(value) },
        ["ShutdownGrace"] = (options, value) => options.Api = options.Api with { ShutdownGrace = Seconds(value) },
    };

    /// <summary>Keys that the processor alone has a use for, and a card alone; the command refuses the options of their names likewise.</summary>
    private static readonly string[] s_ofCpu = ["Threads", "Activations"], s_ofCard = ["GpuMemoryUtilization", "Dtype", "Deterministic", "EnforceEager"];

    /// <exception cref="FolioException">A key isn't known, or its value not such.</exception>
    public static void Apply(IConfigurationSection section, FolioOptions options)
    {
        foreach (IConfigurationSection value in section.GetChildren())
        {
            if (!s_keys.TryGetValue(value.Key, out Action<FolioOptions, IConfigurationSection>? apply)) throw new FolioException($"{value.Path} is no option of Folio's; one of {string.Join(", ", s_keys.Keys)} was expected.");
            apply(options, value);
        }
    }

    /// <summary>Refuses what the device that is used in the end has no use for.</summary>
    /// <exception cref="FolioException">A key is another device's.</exception>
    public static void CheckDevice(IConfigurationSection section, FolioOptions options)
    {
        foreach (string key in options.Device.Name == "cpu" ? s_ofCard : s_ofCpu)
        {
            if (section[key] is not null) throw new FolioException($"{section.Path}:{key} is no option of the device {options.Device.Name}.");
        }
    }

    private static string Text(IConfigurationSection value) => value.Value is { Length: > 0 } text ? text : throw Expected("a text", value);

    private static string[] Texts(IConfigurationSection value) => value.Value is { Length: > 0 } one ? [one] : [.. value.GetChildren().Select(Text)];

    private static bool Flag(IConfigurationSection value) => bool.TryParse(value.Value, out bool flag) ? flag : throw Expected("true or false", value);

    private static int Integer(IConfigurationSection value) => int.TryParse(value.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : throw Expected("a whole number", value);

    private static double Number(IConfigurationSection value) =>
        double.TryParse(value.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) ? number : throw Expected("a number", value);

    private static long Size(IConfigurationSection value) => ByteSize.TryParse(value.Value ?? "", out long bytes) ? bytes : throw Expected("a size such as 512MiB or 4G", value);

    private static TimeSpan Seconds(IConfigurationSection value) =>
        double.TryParse(value.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds <= int.MaxValue / 1000 ? TimeSpan.FromSeconds(seconds) : throw Expected("a number of seconds", value);

    private static T OneOf<T>(IConfigurationSection value)
        where T : struct, Enum =>
        Enum.TryParse(value.Value, ignoreCase: true, out T one) && Enum.IsDefined(one) ? one : throw Expected($"one of {string.Join(", ", Enum.GetNames<T>())}", value);

    private static T Named<T>(IConfigurationSection value, IReadOnlyList<(string Name, T Value)> names)
    {
        foreach ((string name, T named) in names)
        {
            if (name == value.Value) return named;
        }

        throw Expected($"one of {string.Join(", ", names.Select(named => named.Name))}", value);
    }

    private static FolioException Expected(string what, IConfigurationSection value) => new($"{value.Path} is '{value.Value}'; {what} was expected.");
}
