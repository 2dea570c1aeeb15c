namespace Folio.Server;

/// <summary>A response that can be read again and built on.</summary>
/// <param name="Json">As it was answered.</param>
internal sealed record StoredResponse(string Id, byte[] Json, ConversationTurn Turn);

/// <summary>What was answered, by whose key asked: each key's holder finds its own responses only, and has so many and so many bytes of them, of which those used least lately go first. In memory; any thread.</summary>
/// <remarks>A turn stays while a stored response or a later turn needs it, and its bytes are counted so long: a conversation outlives its first responses.</remarks>
/// <param name="most">Responses of one holder; 0: none are kept.</param>
/// <param name="mostBytes">Their JSON and that of their conversations.</param>
internal sealed class ResponseStore(int most, long mostBytes)
{
    /// <summary>For errors.</summary>
    public const string WhyNot = "it was never stored, was deleted, or has made room for later ones.";

    /// <summary>All holders together have the room of so many: an application's users may be any number.</summary>
    private const int FullHolders = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Shelf> _shelves = new(StringComparer.Ordinal); // none of them empty
    private readonly SortedSet<Shelf> _bySize = new(Shelf.BySize);
    private long _bytes; // of all of them

    public bool IsOff => most == 0;

    /// <summary>Those who have any.</summary>
    internal int Holders
    {
        get
        {
            lock (_lock) return _shelves.Count;
        }
    }

    /// <returns>Null: it isn't, or is no longer, among this holder's.</returns>
    public StoredResponse? Find(string holder, string id)
    {
        lock (_lock) return _shelves.GetValueOrDefault(holder)?.Find(id);
    }

    /// <summary>What there is no room for even alone isn't kept.</summary>
    public void Add(string holder, StoredResponse response)
    {
        if (IsOff || response.Json.Length + response.Turn.ConversationBytes > mostBytes) return;
        lock (_lock)
        {
            if (!_shelves.TryGetValue(holder, out Shelf? shelf)) _shelves.Add(holder, shelf = new(holder));
            Change(shelf, each =>
            {
                each.Add(response);
                while (each.Count > most || each.Bytes > mostBytes) each.RemoveOldest();
            });
            while (_bytes / FullHolders > mostBytes) Change(_bySize.Max!, static largest => largest.RemoveOldest()); // whoever has most gives
        }
    }

    /// <returns>False: it isn't among this holder's.</returns>
    public bool Remove(string holder, string id)
    {
        lock (_lock)
        {
            if (!_shelves.TryGetValue(holder, out Shelf? shelf) || !shelf.Has(id)) return false;
            Change(shelf, each => each.Remove(id));
            return true;
        }
    }

    /// <summary>Bytes that a holder's responses take.</summary>
    internal long BytesOf(string holder)
    {
        lock (_lock) return _shelves.GetValueOrDefault(holder)?.Bytes ?? 0;
    }

    /// <summary>Changes what one holder has; one that has nothing any more is forgotten.</summary>
    private void Change(Shelf shelf, Action<Shelf> change)
    {
        _bySize.Remove(shelf); // its place there is by what changes
        _bytes -= shelf.Bytes;
        change(shelf);
        _bytes += shelf.Bytes;
        if (shelf.Count > 0) _bySize.Add(shelf);
        else _shelves.Remove(shelf.Holder);
    }

    private sealed class Shelf(string holder)
    {
        public static readonly IComparer<Shelf> BySize = Comparer<Shelf>.Create((a, b) => a.Bytes != b.Bytes ? a.Bytes.CompareTo(b.Bytes) : string.CompareOrdinal(a.Holder, b.Holder));

        private readonly Dictionary<string, LinkedListNode<StoredResponse>> _byId = new(StringComparer.Ordinal);
        private readonly LinkedList<StoredResponse> _byUse = []; // least lately used first

        public string Holder => holder;

        public int Count => _byUse.Count;

        public long Bytes { get; private set; }

        public bool Has(string id) => _byId.ContainsKey(id);

        public StoredResponse? Find(string id)
        {
            if (!_byId.TryGetValue(id, out LinkedListNode<StoredResponse>? node)) return null;
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return node.Value;
        }

        public void Add(StoredResponse response)
        {
            _byId.Add(response.Id, _byUse.AddLast(response));
            Bytes += response.Json.Length;
            Hold(response.Turn);
        }

        public void RemoveOldest() => Remove(_byUse.First!.Value.Id);

        public void Remove(string id)
        {
            if (!_byId.Remove(id, out LinkedListNode<StoredResponse>? node)) return;
            _byUse.Remove(node);
            Bytes -= node.Value.Json.Length;
            Release(node.Value.Turn);
        }

        /// <summary>A turn that nobody held comes with those before it, up to one that is here.</summary>
        private void Hold(ConversationTurn last)
        {
            for (ConversationTurn? turn = last; turn is not null && turn.Holders++ == 0; turn = turn.Before) Bytes += turn.Bytes;
        }

        private void Release(ConversationTurn last)
        {
            for (ConversationTurn? turn = last; turn is not null && --turn.Holders == 0; turn = turn.Before) Bytes -= turn.Bytes;
        }
    }
}
