using System.CommandLine;
using Folio.Compute;
using Folio.Engine;
using Folio.Formats;
using Folio.Models;
using Spectre.Console;

namespace Folio.Commands;

/// <summary>folio inspect MODEL: what a checkpoint holds and what serving it would take, without loading its weights.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var tensors = new Option<bool>("--tensors") { Description = "Lists every tensor." };
        var command = new Command("inspect", "Shows a model's architecture, tensors, quantisation, tokenizer and memory plan.") { tensors };
        var engineArguments = new EngineArguments(command, positional: true, loads: false);
        command.SetAction(parsed =>
        {
            using ModelSource source = LoadedModel.Open(engineArguments.Place(parsed));
            using Backend backend = engineArguments.NewBackend(parsed);
            DecoderSpec spec = TransformerDecoder.Describe(source);
            Widen();
            Write(Summary(source, spec));
            Write(Quantisation(source.Tensors));
            if (parsed.GetValue(tensors)) Write(Tensors(source.Tensors));
            if (spec.Causal) Console.Out.WriteLine(PlanText.Describe(Plan(source, spec, backend, engineArguments.Options(parsed))));
            return 0;
        });
        return command;
    }

    /// <summary>How serving would divide memory between weights, counted without padding, and cache.</summary>
    private static MemoryPlan Plan(ModelSource source, DecoderSpec spec, Backend backend, EngineOptions options)
    {
        KvCacheTypes.Require(options.KvCacheType, backend);
        long weights = source.WeightBytes(backend);
        long block = backend.KvBytesPerBlock(new(spec.Layers.Count, spec.KvHeads, spec.HeadDim, options.BlockSize, Blocks: 1, options.KvCacheType));
        return MemoryPlan.Create(weights, block, spec.ContextLength, backend.AvailableMemory - weights, backend.CacheShare, options);
    }

    private static Table Summary(ModelSource source, DecoderSpec spec)
    {
        Table table = NewTable("model", source.Path);
        void Row(string name, string value) => table.AddRow(Markup.Escape(name), Markup.Escape(value));
        Row("architecture", spec.Name);
        Row("parameters", $"{source.Parameters / 1e6:0.0} million");
        if (source.Quantization is { } quantization) Row("quantisation", quantization.Description);
        Row("layers", $"{spec.Layers.Count}");
        Row("hidden / feed-forward", $"{spec.HiddenSize} / {spec.FeedForwardSize}");
        Row("heads / KV heads / head size", $"{spec.Heads} / {spec.KvHeads} / {spec.HeadDim}");
        Row("context", $"{spec.ContextLength} tokens");
        Row("vocabulary", $"{spec.VocabularySize} ids{(spec is { HasHead: true, TiedHead: true } ? ", head tied to the embedding" : "")}");
        Row("tokenizer", Tokenizer(source));
        if (!spec.HasHead || source.Embedding.Pooling is not null) Row("embedding", $"{spec.EmbeddingSize} values, {PlanText.PoolingOf(source.Embedding.Pooling ?? spec.UsualPooling)}{(source.Embedding.MaxTokens is { } most ? $", texts of {most} tokens" : "")}");
        if (spec.HasHead) Row("chat template", source.Tokenizer.ChatTemplate is { } template ? $"{template.Length} characters" : "none");
        return table;
    }

    private static string Tokenizer(ModelSource source)
    {
        if (source.Metadata is not { } metadata) return File.Exists(Path.Combine(source.Folder!, "tokenizer.json")) ? "tokenizer.json" : "none: serves token ids";
        if (!metadata.IsArray("tokenizer.ggml.tokens", out long count)) return "none: serves token ids";
        return $"{metadata.GetString("tokenizer.ggml.model")}{(metadata.TryGetString("tokenizer.ggml.pre", out string? pre) ? $" ({pre})" : "")}, {count} tokens, from the file's metadata";
    }

    private static Table Quantisation(TensorFile file)
    {
        Table table = NewTable("stored as", "tensors", "size");
        foreach (var type in file.Tensors.GroupBy(tensor => tensor.Type).OrderByDescending(type => type.Sum(tensor => tensor.Bytes)))
        {
            table.AddRow(type.Key.Name(), $"{type.Count()}", SizeText.Of(type.Sum(tensor => tensor.Bytes)));
        }

        return table;
    }

    private static Table Tensors(TensorFile file)
    {
        Table table = NewTable("tensor", "type", "shape", "size");
        foreach (StoredTensor tensor in file.Tensors)
        {
            table.AddRow(Markup.Escape(tensor.Name), tensor.Type.Name(), Markup.Escape($"[{string.Join(", ", tensor.Shape)}]"), SizeText.Of(tensor.Bytes));
        }

        return table;
    }

    private static Table NewTable(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Minimal };
        foreach (string column in columns) table.AddColumn(new TableColumn(Markup.Escape(column)).NoWrap());
        return table;
    }

    private static void Write(Table table) => AnsiConsole.Write(table);

    /// <summary>A file or a pipe has no edge that lines would have to be cut at.</summary>
    private static void Widen()
    {
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = short.MaxValue;
    }
}
